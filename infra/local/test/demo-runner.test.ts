import { request } from 'node:http';
import { expect } from 'chai';
import { type DemoRunner, openDemoRunner } from '../src/apps/demo-runner.ts';
import type { Instance } from '../src/instances.ts';

const instanceOf = (name: string, dir: Instance['dir'], port: number): Instance => ({
  name,
  dir,
  host: '127.0.0.1',
  port,
  internalPort: port + 1000,
});
const INSTANCES = [
  instanceOf('api-gateway', 'api-gateway', 8000),
  instanceOf('auth', 'auth', 8001),
  instanceOf('realtime-1', 'realtime-gateway', 8101),
];

describe('the runner of the demo', () => {
  let runner: DemoRunner;
  let killed: string[];
  let port: string;
  let token: string;

  beforeEach(async () => {
    killed = [];
    runner = await openDemoRunner();
    ({ port, username: token } = new URL(runner.url));
    runner.serve({ instances: INSTANCES, kill: (name) => void killed.push(name) });
  });
  afterEach(() => runner.close());

  interface Asked {
    method?: string;
    path?: string;
    host?: string;
    origin?: string;
    authorization?: string;
  }

  /** As the page asks, but for what is given. */
  function ask(asked: Asked = {}): Promise<{ status: number; allowed: string | undefined }> {
    const { method = 'POST', path = '/nodes/realtime-1/kill', host = `127.0.0.1:${port}` } = asked;
    const { origin = 'http://localhost:8000', authorization = `Bearer ${token}` } = asked;
    const headers = { host, origin, authorization };
    return new Promise((resolve, reject) => {
      const req = request({ host: '127.0.0.1', port, method, path, headers }, (res) => {
        res.resume();
        const allowed = res.headers['access-control-allow-origin'];
        resolve({ status: res.statusCode as number, allowed });
      });
      req.on('error', reject).end();
    });
  }

  it('kills a node for the page of a gateway, and lets its browser read the answer', async () => {
    expect(await ask()).to.deep.equal({ status: 204, allowed: 'http://localhost:8000' });
    expect(await ask({ origin: 'http://127.0.0.1:8000' })).to.include({ status: 204 });
    expect(killed).to.deep.equal(['realtime-1', 'realtime-1']);
  });

  it('answers a preflight without a token, and does nothing for it', async () => {
    expect(await ask({ method: 'OPTIONS', authorization: '' })).to.include({ status: 204 });
    expect(killed).to.deep.equal([]);
  });

  it('refuses other pages, names that lead here, and whoever lacks the token', async () => {
    const none = { status: 403, allowed: undefined };
    for (const origin of ['http://evil.example', 'http://localhost:8001', 'https://localhost:8000', 'null', ''])
      expect(await ask({ origin }), origin).to.deep.equal(none);
    for (const host of [`evil.example:${port}`, '127.0.0.1', 'localhost:8000', `127.0.0.1.evil.example:${port}`])
      expect(await ask({ host }), host).to.deep.equal(none);
    for (const authorization of [
      '',
      'Bearer ',
      `Bearer ${token}x`,
      `Basic ${token}`,
      `Bearer ${token.slice(1)}`,
      `Bearer ${token.slice(1)}é`,
    ])
      expect(await ask({ authorization }), authorization).to.include({ status: 401 });
    expect(killed).to.deep.equal([]);
  });

  it('kills realtime nodes only', async () => {
    for (const path of ['/nodes/auth/kill', '/nodes/api-gateway/kill', '/nodes/none/kill', '/', '/nodes/realtime-1'])
      expect(await ask({ path }), path).to.include({ status: 404 });
    expect(await ask({ method: 'GET' })).to.include({ status: 404 });
    expect(killed).to.deep.equal([]);
  });

  it('refuses everybody before there is a cluster, and has another token at each start', async () => {
    const other = await openDemoRunner();
    expect(new URL(other.url).username).not.to.equal(token);
    const { status } = await fetch(other.url.replace(/\/\/.*@/, '//'), { method: 'POST' });
    expect(status).to.equal(403);
    await other.close();
  });
});
