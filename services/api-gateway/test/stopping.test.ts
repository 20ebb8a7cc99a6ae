import { Agent, request } from 'node:http';
import { expect } from 'chai';
import { closeTunnels } from '../src/socket-tunnels.ts';
import { sendRaw, startGateway, type TestGateway } from './harness.ts';

const UPGRADE =
  'GET /ws/me HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

describe('a gateway that stops', () => {
  let gateway: TestGateway;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.stop());

  const ask = (agent: Agent): Promise<[number | undefined, string | undefined]> =>
    new Promise((resolve, reject) => {
      request({ port: gateway.port, host: '127.0.0.1', path: '/rate-limits', agent }, (res) => {
        res.resume().once('end', () => resolve([res.statusCode, res.headers.connection]));
      })
        .once('error', reject)
        .end();
    });

  it('serves open connections until their next response, and answers 503 on new ones', async () => {
    const before = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await ask(before)).to.deep.equal([200, 'keep-alive']);
    await closeTunnels(gateway.ctx);
    expect(await ask(before)).to.deep.equal([200, 'close']);
    expect(await ask(new Agent({ keepAlive: true }))).to.deep.equal([503, 'close']);
    const [head = '', body = ''] = (await sendRaw(gateway, UPGRADE, 3000)).split('\r\n\r\n');
    expect([head.split(' ')[1], JSON.parse(body).code]).to.deep.equal(['503', 'SERVICE_UNAVAILABLE']);
    expect(head.match(/^connection: close/gim)).to.have.length(1);
  });
});
