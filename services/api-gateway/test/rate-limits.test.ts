import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { listLimits } from '../src/rate-limits.ts';
import { ask, bearer, startGateway, type TestGateway } from './harness.ts';

const unique = (): string => `usr_${randomBytes(6).toString('hex')}`;

describe('rate limits', () => {
  const gateways: TestGateway[] = [];
  const open = async (env: Record<string, string>): Promise<TestGateway> => {
    gateways.push(await startGateway({ env: { ...env } }));
    return gateways.at(-1) as TestGateway;
  };
  after(() => Promise.all(gateways.map((gateway) => gateway.stop())));

  it('count every request of a user, also failed ones, and report the rest in headers', async () => {
    const gateway = await open({ RATE_LIMIT_REQUESTS: '4' });
    const headers = bearer(unique());
    const answers = [];
    for (const path of ['/users/me', '/nowhere', '/users/me', '/rooms/..', '/users/me'])
      answers.push(await ask(gateway, path, { headers }));
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 404, 200, 404, 429]);
    expect(answers.map((a) => a.headers['x-ratelimit-remaining'])).to.deep.equal(['3', '2', '1', '0', '0']);
    const [first, last] = [answers[0], answers[4]];
    expect(first?.headers['x-ratelimit-limit']).to.equal('4');
    expect(Number(last?.headers['x-ratelimit-reset'])).to.be.closeTo(Date.now() / 1000 + 3600, 5);
    expect(Number(last?.headers['retry-after'])).to.be.within(3590, 3600);
    expect(last?.json.code).to.equal('RATE_LIMIT_EXCEEDED');
    expect((await ask(gateway, '/users/me', { headers: bearer(unique()) })).status).to.equal(200);
  });

  it('do not count health and documents, and are off at 0', async () => {
    const gateway = await open({ RATE_LIMIT_REQUESTS: '1' });
    for (const path of ['/', '/docs', '/test-db', '/']) expect((await ask(gateway, path)).status).to.equal(200);
    expect((await ask(gateway, '/')).headers).not.to.have.property('x-ratelimit-limit');
    const off = await open({ RATE_LIMIT_REQUESTS: '0' });
    expect((await ask(off, '/users/me', { headers: bearer(unique()) })).headers).not.to.have.property(
      'x-ratelimit-limit',
    );
  });

  it('count documents and /test-db per address and minute, with a token too', async () => {
    const gateway = await open({ RATE_LIMIT_DOCS: '3', TRUSTED_PROXIES: '127.0.0.1' });
    const mine = `2001:db8:${randomBytes(2).toString('hex')}:1::`;
    const from = (path: string, ip = `${mine}1`, more = {}) =>
      ask(gateway, path, { headers: { 'x-forwarded-for': ip, ...more } });
    expect((await from('/docs')).headers).to.include({ 'x-ratelimit-limit': '3', 'x-ratelimit-remaining': '2' });
    expect((await from('/test-db', `${mine}2`, bearer(unique()))).status).to.equal(200);
    expect((await from('/docs/assets/rest.js')).status).to.equal(200);
    const { status, headers, json } = await from('/docs/openapi.json', `${mine}3`, bearer(unique()));
    expect([status, json.code]).to.deep.equal([429, 'RATE_LIMIT_EXCEEDED']);
    expect(Number(headers['retry-after'])).to.be.within(1, 60);
    expect((await from('/')).status).to.equal(200);
    expect((await from('/docs', `2001:db8:ffff:${randomBytes(2).toString('hex')}::1`)).status).to.equal(200);
    const off = await open({ RATE_LIMIT_DOCS: '0' });
    expect((await ask(off, '/docs')).headers).not.to.have.property('x-ratelimit-limit');
  });

  it('count anonymous callers by their address, which they can’t forge', async () => {
    const gateway = await open({ RATE_LIMIT_REQUESTS: '2', TRUSTED_PROXIES: '127.0.0.1' });
    const from = (ip: string) =>
      ask(gateway, '/users/login', { method: 'POST', headers: { 'x-forwarded-for': ip }, body: '{}' });
    const mine = `2001:db8:${randomBytes(2).toString('hex')}:1::`;
    expect((await from(`${mine}1`)).status).to.equal(200);
    expect((await from(`9.9.9.9, ${mine}2`)).status).to.equal(200);
    expect((await from(`${mine}3`)).status).to.equal(429);
  });

  it('count routes that open a session on the address, with or without a token, and on the account', async () => {
    const gateway = await open({
      RATE_LIMIT_REQUESTS: '4',
      RATE_LIMIT_REGISTRATIONS: '0',
      TRUSTED_PROXIES: '127.0.0.1',
    });
    const from = (path: string, ip: string, headers: object = {}) =>
      ask(gateway, path, { method: 'POST', headers: { 'x-forwarded-for': ip, ...headers }, body: '{}' });
    const ip = `2001:db8:${randomBytes(2).toString('hex')}:2::`;
    const mine = bearer(unique());
    const statuses = [];
    for (const [i, path] of ['/users/login', '/users/register', '/users/refresh', '/users/login'].entries())
      statuses.push((await from(path, `${ip}${i}`, i % 2 ? mine : bearer(unique()))).status);
    expect(statuses).to.deep.equal([200, 200, 200, 200]);
    for (const path of ['/users/login', '/users/register', '/users/refresh'])
      for (const headers of [{}, bearer(unique()), { authorization: 'Bearer nonsense' }])
        expect((await from(path, `${ip}9`, headers)).status).to.equal(429);
    expect((await ask(gateway, '/users/me', { headers: mine })).headers['x-ratelimit-remaining']).to.equal('1');
    expect((await ask(gateway, '/users/me', { headers: mine })).status).to.equal(200);
    const elsewhere = `2001:db8:${randomBytes(2).toString('hex')}:3::1`;
    expect((await from('/users/login', elsewhere, mine)).status).to.equal(429);
    expect((await from('/users/login', elsewhere)).status).to.equal(200);
  });

  it('count registrations per address separately, and report that limit on a 429', async () => {
    const gateway = await open({
      RATE_LIMIT_REQUESTS: '0',
      RATE_LIMIT_REGISTRATIONS: '2',
      TRUSTED_PROXIES: '127.0.0.1',
    });
    const ip = `2001:db8:${randomBytes(2).toString('hex')}:4::`;
    const register = (i: number, headers: object = {}) =>
      ask(gateway, '/users/register', {
        method: 'POST',
        headers: { 'x-forwarded-for': `${ip}${i}`, ...headers },
        body: '{}',
      });
    expect([(await register(1)).status, (await register(2, bearer(unique()))).status]).to.deep.equal([200, 200]);
    const { status, headers } = await register(3, bearer(unique()));
    expect(status).to.equal(429);
    expect(headers).to.include({ 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '0' });
    expect(Number(headers['retry-after'])).to.be.within(3590, 3600);
  });

  it('count uploads separately, and report that limit on a 429', async () => {
    const gateway = await open({ RATE_LIMIT_REQUESTS: '50', RATE_LIMIT_UPLOADS: '1' });
    const upload = {
      method: 'POST',
      headers: { ...bearer(unique()), 'content-type': 'multipart/form-data' },
      body: 'x',
    };
    expect((await ask(gateway, '/files/upload', upload)).headers['x-ratelimit-limit']).to.equal('50');
    const { status, headers } = await ask(gateway, '/files/upload', upload);
    expect(status).to.equal(429);
    expect(headers).to.include({ 'x-ratelimit-limit': '1', 'x-ratelimit-remaining': '0' });
  });

  it('count typing with the frames of the user, not as a request', async () => {
    const gateway = await open({ RATE_LIMIT_REQUESTS: '2', RATE_LIMIT_WS_FRAMES: '3' });
    const headers = bearer(unique());
    const type = (path = '/rooms/r/typing') => ask(gateway, path, { method: 'POST', headers });
    // A minute of the clock that ends meanwhile begins another count.
    const answers = [];
    for (let i = 0; i < 8; i++) answers.push(await type());
    const refused = answers.find(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 200).length).to.be.within(3, 6);
    expect(refused?.json.code).to.equal('RATE_LIMIT_EXCEEDED');
    expect(Number(refused?.headers['retry-after'])).to.be.within(1, 60);
    expect(answers[0]?.headers).to.include({ 'x-ratelimit-limit': '3' });
    const others = await Promise.all([1, 2].map(() => ask(gateway, '/users/me', { headers })));
    expect(others.map(({ status }) => status)).to.deep.equal([200, 200]);
    expect((await ask(gateway, '/rooms/r/typing', { method: 'POST' })).status).to.equal(401);
  });

  it('are listed with the remaining requests', async () => {
    const gateway = await open({
      RATE_LIMIT_REQUESTS: '7',
      RATE_LIMIT_WS_MESSAGES: '0',
      TRUSTED_PROXIES: '127.0.0.1',
    });
    const headers = { ...bearer(unique()), 'x-forwarded-for': `2001:db8:${randomBytes(2).toString('hex')}:5::1` };
    await ask(gateway, '/users/me', { headers });
    const { json } = await ask(gateway, '/rate-limits', { headers });
    const byName = Object.fromEntries(json.limits.map((rule: { name: string }) => [rule.name, rule]));
    expect(byName.general).to.include({ limit: 7, window_s: 3600, remaining: 5 });
    expect(byName.uploads).to.include({ limit: 10, remaining: 10, window_s: 3600 });
    expect(byName.login).to.include({ limit: 5, window_s: 900, remaining: null });
    expect(byName.websocket_messages).to.include({ limit: 0, remaining: null, window_s: 60 });
    expect(byName.login_address).to.include({ limit: 50, window_s: 900, remaining: null });
    expect(byName.registrations).to.include({ limit: 20, window_s: 3600, remaining: 20 });
    expect(byName.docs).to.include({ limit: 600, window_s: 60, remaining: 600 });
    const anonymous = (await ask(gateway, '/rate-limits')).json.limits;
    expect(anonymous[1]).to.include({ name: 'uploads', remaining: null });
  });

  it('can’t be listed by a service', async () => {
    const error = await listLimits({} as never, { kind: 'service', service: 'message' }).catch((e: unknown) => e);
    expect(error).to.have.property('code', 'AUTHORIZATION_ERROR');
  });

  it('are one exact budget over two gateways', async function () {
    if (process.env.TEST_REDIS_URL === undefined) return this.skip();
    const [a, b] = [await open({ RATE_LIMIT_REQUESTS: '40' }), await open({ RATE_LIMIT_REQUESTS: '40' })];
    const headers = bearer(unique());
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => ask(i % 2 === 0 ? a : b, '/users/me', { headers })),
    );
    expect(answers.filter(({ status }) => status === 200)).to.have.length(40);
    expect(answers.filter(({ status }) => status === 429)).to.have.length(20);
  });
});
