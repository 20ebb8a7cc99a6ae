import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { listLimits } from '../src/limits.ts';
import { ask, bearer, startWorld, type World } from './world.ts';

const unique = (): string => `usr_${randomBytes(6).toString('hex')}`;

describe('the limits at the door', () => {
  const worlds: World[] = [];
  const open = async (env: Record<string, string>): Promise<World> => {
    worlds.push(await startWorld({ env: { ...env } }));
    return worlds.at(-1) as World;
  };
  after(() => Promise.all(worlds.map((world) => world.stop())));

  it('count every request of a user, refused ones too, and tell in headers what is left', async () => {
    const world = await open({ RATE_LIMIT_REQUESTS: '4' });
    const headers = bearer(unique());
    const answers = [];
    for (const path of ['/users/me', '/nowhere', '/users/me', '/rooms/..', '/users/me'])
      answers.push(await ask(world, path, { headers }));
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 404, 200, 404, 429]);
    expect(answers.map((a) => a.headers['x-ratelimit-remaining'])).to.deep.equal(['3', '2', '1', '0', '0']);
    const [first, last] = [answers[0], answers[4]];
    expect(first?.headers['x-ratelimit-limit']).to.equal('4');
    expect(Number(last?.headers['x-ratelimit-reset'])).to.be.closeTo(Date.now() / 1000 + 3600, 5);
    expect(Number(last?.headers['retry-after'])).to.be.within(3590, 3600);
    expect(last?.json.code).to.equal('RATE_LIMIT_EXCEEDED');
    expect((await ask(world, '/users/me', { headers: bearer(unique()) })).status).to.equal(200);
  });

  it('do not count health and documents, and are off at 0', async () => {
    const world = await open({ RATE_LIMIT_REQUESTS: '1' });
    for (const path of ['/', '/docs', '/test-db', '/']) {
      const { status, headers } = await ask(world, path);
      expect(status).to.equal(200);
      expect(headers).not.to.have.property('x-ratelimit-limit');
    }
    const off = await open({ RATE_LIMIT_REQUESTS: '0' });
    expect((await ask(off, '/users/me', { headers: bearer(unique()) })).headers).not.to.have.property(
      'x-ratelimit-limit',
    );
  });

  it('count anonymous callers by their address, which they can’t make up', async () => {
    const world = await open({ RATE_LIMIT_REQUESTS: '2', TRUSTED_PROXIES: '127.0.0.1' });
    const from = (ip: string) =>
      ask(world, '/users/login', { method: 'POST', headers: { 'x-forwarded-for': ip }, body: '{}' });
    const mine = `2001:db8:${randomBytes(2).toString('hex')}:1::`;
    expect((await from(`${mine}1`)).status).to.equal(200);
    expect((await from(`9.9.9.9, ${mine}2`)).status).to.equal(200);
    expect((await from(`${mine}3`)).status).to.equal(429);
  });

  it('count uploads by themselves, and show that limit on its 429', async () => {
    const world = await open({ RATE_LIMIT_REQUESTS: '50', RATE_LIMIT_UPLOADS: '1' });
    const upload = {
      method: 'POST',
      headers: { ...bearer(unique()), 'content-type': 'multipart/form-data' },
      body: 'x',
    };
    expect((await ask(world, '/files/upload', upload)).headers['x-ratelimit-limit']).to.equal('50');
    const { status, headers } = await ask(world, '/files/upload', upload);
    expect(status).to.equal(429);
    expect(headers).to.include({ 'x-ratelimit-limit': '1', 'x-ratelimit-remaining': '0' });
  });

  it('are listed with what is left', async () => {
    const world = await open({ RATE_LIMIT_REQUESTS: '7', RATE_LIMIT_WS_MESSAGES: '0' });
    const headers = bearer(unique());
    await ask(world, '/users/me', { headers });
    const { json } = await ask(world, '/rate-limits', { headers });
    const byName = Object.fromEntries(json.limits.map((rule: { name: string }) => [rule.name, rule]));
    expect(byName.general).to.include({ limit: 7, window_s: 3600, remaining: 5 });
    expect(byName.uploads).to.include({ limit: 10, remaining: 10, window_s: 3600 });
    expect(byName.login).to.include({ limit: 5, window_s: 900, remaining: null });
    expect(byName.websocket_messages).to.include({ limit: 0, remaining: null, window_s: 60 });
    const anonymous = (await ask(world, '/rate-limits')).json.limits;
    expect(anonymous[1]).to.include({ name: 'uploads', remaining: null });
  });

  it('are no service’s to ask for', async () => {
    const error = await listLimits({} as never, { kind: 'service', service: 'message' }).catch((e: unknown) => e);
    expect(error).to.have.property('code', 'AUTHORIZATION_ERROR');
  });

  it('are one budget, counted exactly, for two doors side by side', async function () {
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
