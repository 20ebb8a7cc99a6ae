import { once } from 'node:events';
import { Agent, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { closeServer } from '../src/close-server.ts';
import { listen } from '../src/server.ts';

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const start = (): Promise<Server> =>
  listen(
    (req, res) => {
      if (req.url === '/slow') setTimeout(() => res.end('done'), 100);
      else if (req.url !== '/never') res.end('ok');
    },
    { host: '127.0.0.1', port: 0 },
  );

function ask(port: number, agent: Agent): Promise<{ connection: string | undefined; reused: boolean }> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', agent }, (res) => {
      res.resume().once('end', () => resolve({ connection: res.headers.connection, reused: asked.reusedSocket }));
    });
    asked.once('error', reject).end();
  });
}

describe('closing a listener', () => {
  it('lets requests in flight end, and cuts the rest', async () => {
    const server = await start();
    const url = `http://127.0.0.1:${portOf(server)}`;
    const slow = fetch(`${url}/slow`).then((answer) => answer.text());
    const never = fetch(`${url}/never`).catch(() => 'cut');
    await sleep(50);
    await closeServer(server, { idleMs: 0, graceMs: 300 });
    expect([await slow, await never]).to.deep.equal(['done', 'cut']);
  });

  it('serves a request on an open connection, closes it after the response, and takes no new one', async () => {
    const server = await start();
    const port = portOf(server);
    const agent = new Agent({ keepAlive: true });
    expect((await ask(port, agent)).connection).to.equal('keep-alive');
    const closed = closeServer(server, { idleMs: 5000, graceMs: 5000 });
    expect(await ask(port, agent)).to.deep.equal({ connection: 'close', reused: true });
    await closed;
    expect(await ask(port, agent).catch(({ code }) => code)).to.equal('ECONNREFUSED');
  });

  it('closes idle connections, and cuts upgraded sockets that stay', async () => {
    const server = await start();
    server.on('upgrade', (_req, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
    const idle = connect(portOf(server), '127.0.0.1');
    const upgraded = connect(portOf(server), '127.0.0.1');
    upgraded.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(upgraded, 'data');
    const ended = [idle, upgraded].map((socket) =>
      once(
        socket.on('error', () => undefined),
        'close',
      ),
    );
    await closeServer(server, { idleMs: 20, graceMs: 100 });
    await Promise.all(ended);
  });
});
