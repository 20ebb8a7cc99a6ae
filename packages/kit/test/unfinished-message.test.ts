import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { type WebSocket, WebSocketServer } from 'ws';

import { PROTOCOLS } from '../src/rpc/handshake.ts';
import { RPC_PATH } from '../src/rpc/rpc-connection.ts';
import { attachRpcServer } from '../src/rpc/rpc-server.ts';
import { eventually } from '../src/testing/eventually.ts';
import { identityHeader, serviceIdentity, testKeys } from '../src/testing/identities.ts';
import { silentSink } from '../src/testing/service.ts';
import { hasUnfinishedMessage } from '../src/unfinished-message.ts';

/** Bytes of a masked frame: 0x80 ends a message, 1 begins a text, 0 continues it. */
const frame = (head: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([head, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);

function dial(server: Server, path: string, headers: Record<string, string> = {}): Socket {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${lines.join('')}\r\n`,
  );
  return socket.on('error', () => undefined);
}

const listening = async (server: Server): Promise<Server> => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return server;
};

describe('a WebSocket message', () => {
  const servers: Server[] = [];
  after(() => {
    for (const server of servers) server.close().closeAllConnections();
  });

  it('is unfinished from its first byte to its last one, in one frame or in fragments', async () => {
    const server = await listening(createServer());
    servers.push(server);
    const accepted = new Promise<WebSocket>((resolve) => {
      new WebSocketServer({ server }).on('connection', resolve);
    });
    const socket = dial(server, '/');
    const ws = await accepted;
    const got: string[] = [];
    ws.on('message', (data) => got.push(data.toString()));
    const is = (state: boolean) => eventually(async () => hasUnfinishedMessage(ws) === state);
    expect(hasUnfinishedMessage(ws)).to.equal(false);
    socket.write(frame(1, 'ab'));
    await is(true);
    socket.write(frame(0x89, '')); // a ping in between
    socket.write(frame(0, ''));
    await is(true);
    socket.write(frame(0x80, 'c'));
    await is(false);
    const whole = frame(0x81, 'hello');
    for (const byte of whole.subarray(0, -1)) {
      socket.write(Buffer.from([byte]));
      await is(true);
    }
    socket.write(whole.subarray(-1));
    await is(false);
    await eventually(async () => got.join() === 'abc,hello');
    socket.destroy();
  });

  it('between services that does not end within 10 s, or has too many fragments, ends the connection', async () => {
    const server = createServer();
    const rpc = attachRpcServer(server, testKeys('auth'), silentSink(), async () => ({}));
    servers.push(await listening(server));
    const headers = {
      ...identityHeader('auth', serviceIdentity('message')),
      'Sec-WebSocket-Protocol': PROTOCOLS.join(', '),
    };
    const closedAfter = (write: (socket: Socket) => void): Promise<number> =>
      new Promise((resolve) => {
        const socket = dial(server, RPC_PATH, headers);
        const began = Date.now();
        socket.once('data', () => write(socket)).on('close', () => resolve(Date.now() - began));
        socket.on('data', () => undefined);
      });
    const [slow, fragments] = await Promise.all([
      closedAfter((socket) => void socket.write(frame(1, '['))),
      closedAfter((socket) => {
        for (let i = 0; i < 40; i++) socket.write(frame(i === 0 ? 1 : 0, 'x'));
        setTimeout(() => socket.end(), 5000).unref();
      }),
    ]);
    expect(slow).to.be.within(9000, 14_000);
    expect(fragments).to.be.below(4000);
    rpc.close(0);
  }).timeout(30_000);
});
