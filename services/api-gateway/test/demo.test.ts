import { startStubServer } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { schema } from '../src/config.ts';
import { buildsPage, expectStrictPage } from './app-page.ts';
import { ask, sendRaw } from './harness.ts';

const TOKEN = 'a'.repeat(43);
const RUNNER = `http://${TOKEN}@127.0.0.1:4000`;

const upgrade = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

describe('the demo at the gateway', () => {
  const gatewayWith = buildsPage(import.meta.resolve('@chatapi/demo/package.json'));

  it('is a page under a strict policy, with assets that browsers keep for good', async () => {
    await expectStrictPage(await gatewayWith({}), 'demo');
  });

  it('is off in production, unless DEMO=true', async () => {
    const off = await gatewayWith({ NODE_ENV: 'production' });
    for (const path of ['/demo', '/demo/', '/demo/assets/demo-AAAA.js'])
      expect((await ask(off, path)).json.code, path).to.equal('RESOURCE_NOT_FOUND');
    const on = await gatewayWith({ NODE_ENV: 'production', DEMO: 'true' });
    expect((await ask(on, '/demo')).text).to.include('{&quot;nodes&quot;:0}');
    expect((await ask(await gatewayWith({ DEMO: 'false' }), '/demo')).status).to.equal(404);
  });

  it('tells the runner to pages under names of the loopback only, and never in production', async () => {
    const gateway = await gatewayWith({ DEMO_RUNNER_URL: RUNNER });
    const page = (host: string) => ask(gateway, '/demo', { headers: { host } });
    for (const host of ['localhost:8000', '127.0.0.1:8000', '[::1]:8000', 'localhost']) {
      const { text, headers } = await page(host);
      expect(text, host).to.include(TOKEN);
      expect(headers['content-security-policy']).to.include("connect-src 'self' http://127.0.0.1:4000;");
    }
    for (const host of ['evil.example:8000', 'localhost.evil.example', '192.168.0.7:8000']) {
      const { text, headers } = await page(host);
      expect(text, host).not.to.include(TOKEN);
      expect(headers['content-security-policy']).not.to.include('127.0.0.1');
    }
    const { error } = schema.validate(
      { NODE_ENV: 'production', DEMO_RUNNER_URL: RUNNER },
      { allowUnknown: true, abortEarly: false },
    );
    expect(error?.message).to.include('DEMO_RUNNER_URL');
  });

  it('chooses the node that a socket asks for, and in production the next one in turn', async () => {
    const refusing = () => startStubServer((_req, res) => void res.end());
    const nodes = [await refusing(), await refusing(), await refusing()];
    const asked: number[] = [];
    for (const [at, { server }] of nodes.entries())
      server.on('upgrade', (_req, socket) => {
        asked.push(at + 1);
        socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
      });
    const REALTIME_URL = nodes.map(({ url }) => url).join(',');
    const local = await gatewayWith({ REALTIME_URL });
    for (const node of ['3', '3', '1', '3']) await sendRaw(local, upgrade(`/ws/me?node=${node}`));
    expect(asked.splice(0)).to.deep.equal([3, 3, 1, 3]);
    for (const node of ['9', '0', '-1', 'x']) await sendRaw(local, upgrade(`/ws/me?node=${node}`));
    expect(new Set(asked.splice(0)).size).to.equal(3);
    const production = await gatewayWith({ REALTIME_URL, NODE_ENV: 'production' });
    for (let i = 0; i < 3; i++) await sendRaw(production, upgrade('/ws/me?node=3'));
    expect(new Set(asked).size).to.equal(3);
    for (const node of nodes) await node.stop();
  });

  it('is linked from a page at / for browsers; programs get JSON', async () => {
    const gateway = await gatewayWith({});
    const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    const page = await ask(gateway, '/', { headers: { accept: browser } });
    expect(page.headers['content-type']).to.match(/^text\/html/);
    expect(page.text).to.include('href="/demo"').and.include('href="/docs"');
    for (const accept of ['*/*', 'application/json', 'application/json, text/html;q=0.5'])
      expect((await ask(gateway, '/', { headers: { accept } })).json.status, accept).to.equal('ok');
    const bare = await gatewayWith({ DEMO: 'false', DOCS: 'off' });
    expect((await ask(bare, '/', { headers: { accept: browser } })).text).not.to.match(/href="\/(?:demo|docs)/);
  });
});
