import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { verifyIdentity } from '@chatapi/kit/auth';
import { DEAD_URL, testKeys } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { ask, sendRaw, startGateway, type TestGateway } from './harness.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const handshake = (path: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
  `Sec-WebSocket-Key: ${KEY}\r\n${more}\r\n`;

interface Node {
  url: string;
  heads: string[];
  afterHead: string[];
  sockets: Socket[];
  stop(): void;
}

/** A realtime node as the gateway sees it: accepts or refuses the handshake, then echoes. */
const startNode = (answer: 'take' | 'refuse' | 'silent'): Promise<Node> =>
  new Promise((resolve) => {
    const node: Node = { url: '', heads: [], afterHead: [], sockets: [], stop: () => undefined };
    const accept = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const server: Server = createServer((socket) => {
      node.sockets.push(socket);
      socket.on('error', () => undefined);
      socket.once('data', (head) => {
        node.heads.push(head.toString());
        socket.on('data', (bytes) => node.afterHead.push(bytes.toString()));
        if (answer === 'refuse') socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nnever');
        if (answer !== 'take') return;
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
        socket.on('data', (bytes) => socket.write(`echo ${bytes}`));
      });
    }).listen(0, '127.0.0.1', () => {
      node.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      node.stop = () => {
        for (const socket of node.sockets) socket.destroy();
        server.close();
      };
      resolve(node);
    });
  });

/** A client that collects what it receives; `until` waits for a part of it. */
function connectClient(
  port: number,
  text: string,
): { socket: Socket; got(): string; until(part: string): Promise<void>; closed: Promise<void> } {
  const socket = connect({ port, host: '127.0.0.1' });
  let got = '';
  socket.on('data', (bytes) => {
    got += bytes.toString();
  });
  socket.on('error', () => undefined).write(text);
  return {
    socket,
    got: () => got,
    async until(part) {
      for (const end = Date.now() + 3000; !got.includes(part); ) {
        if (Date.now() > end) throw new Error(`no ${part} in ${got}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    closed: new Promise((resolve) => void socket.once('close', () => resolve())),
  };
}

describe('WebSocket through the gateway', () => {
  const nodes: Node[] = [];
  const gateways: TestGateway[] = [];
  const node = async (answer: 'take' | 'refuse' | 'silent'): Promise<Node> => {
    nodes.push(await startNode(answer));
    return nodes.at(-1) as Node;
  };
  const open = async (...urls: string[]): Promise<TestGateway> => {
    gateways.push(await startGateway({ env: { REALTIME_URL: urls.join(',') } }));
    return gateways.at(-1) as TestGateway;
  };
  after(async () => {
    for (const one of nodes) one.stop();
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  });

  it('is proxied byte by byte, with the client’s token, origin and address', async () => {
    const one = await node('take');
    const gateway = await open(one.url);
    const more =
      'Authorization: Bearer t\r\nOrigin: http://o\r\nSec-WebSocket-Protocol: bearer, t\r\nX-Forwarded-For: 6.6.6.6\r\nX-User-Id: u\r\nCookie: c\r\n';
    const client = connectClient(gateway.port, handshake('/ws/usr_1?token=q', more));
    await client.until('101 Switching');
    client.socket.write('ping');
    await client.until('echo ping');
    const head = one.heads[0] ?? '';
    expect(head).to.match(/^GET \/ws\/usr_1\?token=q HTTP\/1.1\r\n/);
    expect(head)
      .to.include('authorization: Bearer t')
      .and.include('origin: http://o')
      .and.include('sec-websocket-protocol: bearer, t');
    expect(head)
      .to.include('X-Forwarded-For: 127.0.0.1')
      .and.not.include('6.6.6.6')
      .and.not.match(/x-user-id|cookie/i);
    const identity = /x-chatapi-caller: (\S+)/.exec(head)?.[1];
    expect(verifyIdentity(testKeys('realtime-gateway'), { 'x-chatapi-caller': identity })).to.include({
      kind: 'anonymous',
      ip: '127.0.0.1',
    });
    client.socket.destroy();
  });

  it('is closed on both sides when either side closes', async () => {
    const one = await node('take');
    const gateway = await open(one.url);
    const first = connectClient(gateway.port, handshake('/ws/me/'));
    await first.until('101');
    one.sockets[0]?.destroy();
    await first.closed;
    const second = connectClient(gateway.port, handshake('/ws/me'));
    await second.until('101');
    const atNode = new Promise((resolve) => one.sockets[1]?.once('close', resolve));
    second.socket.destroy();
    await atNode;
  });

  it('uses the nodes in turn, and skips one that refuses the connection', async () => {
    const [a, b] = [await node('take'), await node('take')];
    const gateway = await open(a.url, DEAD_URL, b.url);
    for (let i = 0; i < 6; i++) {
      const client = connectClient(gateway.port, handshake('/ws/me'));
      await client.until('101');
      client.socket.destroy();
    }
    expect(a.heads.length + b.heads.length).to.equal(6);
    expect(Math.min(a.heads.length, b.heads.length)).to.be.at.least(2);
  });

  it('passes on a node’s refusal, after which no byte of the client reaches the node', async () => {
    const one = await node('refuse');
    const gateway = await open(one.url);
    const client = connectClient(gateway.port, handshake('/ws/me'));
    await client.until('HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nnever');
    client.socket.write('GET /internal/x HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.closed;
    expect(one.afterHead).to.deep.equal([]);
  });

  it('is answered with 503 and the error object when no node is up', async () => {
    const gateway = await open(DEAD_URL);
    const [head = '', body = ''] = (await sendRaw(gateway, handshake('/ws/me'), 3000)).split('\r\n\r\n');
    expect(head)
      .to.match(/^HTTP\/1.1 503/)
      .and.include('Retry-After');
    expect(JSON.parse(body).code).to.equal('SERVICE_UNAVAILABLE');
  });

  it('is accepted at /ws/{id} only', async () => {
    const gateway = await open(DEAD_URL);
    for (const path of ['/', '/users/me', '/ws', '/ws/', '/ws/a/b', '/ws/..', '/ws/%2e%2e', '/wsx/me', '//ws/me']) {
      const [head = '', body = ''] = (await sendRaw(gateway, handshake(path))).split('\r\n\r\n');
      expect([path, head.split(' ')[1], JSON.parse(body).code]).to.deep.equal([path, '400', 'VALIDATION_ERROR']);
    }
    const plain = await ask(gateway, '/ws/usr_1');
    expect([plain.status, plain.headers.upgrade, plain.json.code]).to.deep.equal([
      426,
      'websocket',
      'VALIDATION_ERROR',
    ]);
  });

  it('is closed when the gateway stops, spread over time', async () => {
    const one = await node('take');
    const gateway = await startGateway({ env: { REALTIME_URL: one.url } });
    const clients = [1, 2, 3].map(() => connectClient(gateway.port, handshake('/ws/me')));
    await Promise.all(clients.map((client) => client.until('101')));
    await gateway.stop();
    await Promise.all(clients.map(({ closed }) => closed));
  });
});
