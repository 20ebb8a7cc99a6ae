import { identityKey, openIdentity } from '@chatapi/kit';
import { expect } from 'chai';
import { ask, bearer, deadUrl, raw, serve, startWorld, tokenOf, type World } from './world.ts';

const ERROR_KEYS = ['code', 'details', 'error', 'message', 'request_id', 'timestamp'];

describe('the door', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world?.stop());
  beforeEach(() => void world.seen.splice(0));

  const identityAt = (index: number) =>
    openIdentity(identityKey(world.ctx.config.INTERNAL_SECRET_KEY), world.seen[index]?.headers['x-chatapi-identity']);

  it('answers GET / itself, with and without what a client calls it', async () => {
    const { status, json, headers } = await ask(world, '/');
    expect(status).to.equal(200);
    expect(json).to.include({ status: 'ok', service: 'chatapi' });
    expect(headers).to.include({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    expect(headers).not.to.have.any.keys('x-powered-by', 'strict-transport-security', 'x-ratelimit-limit');
    expect(headers['x-request-id']).to.match(/^req_/);
  });

  it('passes a route with and without the trailing slash, without a redirect, with its query', async () => {
    for (const path of ['/messages?limit=5', '/messages/?limit=5']) {
      expect(await ask(world, path, { headers: bearer('usr_1') })).to.include({ status: 200, text: '{"ok":true}' });
    }
    expect(world.seen.map(({ url }) => url)).to.deep.equal(['/messages?limit=5', '/messages?limit=5']);
  });

  it('passes a body unread', async () => {
    const body = '{"chat_id":"a","content":"é \\u0000"}';
    const headers = { ...bearer('usr_1'), 'content-type': 'application/json', 'idempotency-key': 'k1' };
    expect((await ask(world, '/messages/', { method: 'POST', headers, body })).status).to.equal(200);
    expect(world.seen[0]).to.include({ method: 'POST', body });
    expect(world.seen[0]?.headers['idempotency-key']).to.equal('k1');
  });

  it('tells the service who calls, and nothing that the client says about itself', async () => {
    const headers = {
      ...bearer('usr_1'),
      'x-forwarded-for': '6.6.6.6',
      'x-real-ip': '6.6.6.6',
      forwarded: 'for=6.6.6.6',
      'x-user-id': 'usr_admin',
      'x-internal-secret': 'x',
      'x-chatapi-identity': 'forged',
      'x-forwarded-host': 'evil.example',
      cookie: 'a=b',
      connection: 'keep-alive, x-request-id',
      'x-request-id': 'mine-1234',
    };
    const { headers: got } = await ask(world, '/users/me', { headers });
    const seen = world.seen[0]?.headers ?? {};
    expect(seen).to.include({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-request-id': 'mine-1234',
    });
    expect(seen['x-forwarded-host']).to.equal(`127.0.0.1:${world.port}`);
    expect(seen).not.to.have.any.keys(
      'authorization',
      'cookie',
      'x-real-ip',
      'forwarded',
      'x-user-id',
      'x-internal-secret',
    );
    expect(identityAt(0)).to.include({
      kind: 'user',
      user_id: 'usr_1',
      session_id: 'ses_usr_1',
      role: 'user',
      ip: '127.0.0.1',
    });
    expect(got['x-request-id']).to.equal('mine-1234');
  });

  it('takes the bearer scheme in any case, and a bad token on a public route for none', async () => {
    expect(
      (await ask(world, '/users/me', { headers: { authorization: `bEARER ${tokenOf('usr_2')}` } })).status,
    ).to.equal(200);
    const headers = { authorization: 'Bearer nonsense', 'content-type': 'application/json' };
    expect((await ask(world, '/users/login', { method: 'POST', headers, body: '{}' })).status).to.equal(200);
    expect(identityAt(1)).to.include({ kind: 'anonymous', ip: '127.0.0.1' });
  });

  it('refuses a route that needs a user without a good token, before any service hears of it', async () => {
    const expired = tokenOf('usr_1', { iat: 1000 });
    for (const authorization of ['', 'Bearer x.y.z', 'Basic YTpi', `Bearer ${expired}`]) {
      const { status, json, headers } = await ask(world, '/messages/', { headers: { authorization } });
      expect(status).to.equal(401);
      expect(json).to.have.all.keys(ERROR_KEYS);
      expect(json.code).to.equal('AUTHENTICATION_ERROR');
      expect(headers['www-authenticate']).to.match(/^Bearer/);
    }
    expect(world.seen).to.deep.equal([]);
  });

  it('lets nothing but the public API through, in whatever spelling', async () => {
    const paths = [
      '/usersx',
      '/internal/revocations',
      '/users/../internal/x',
      '/users/%2e%2e/internal',
      '/users/..%2finternal',
      '/users/a%5cb',
      '/users//me',
      '//',
      '//users/me',
      '/users/me//',
      '/%75sers/me',
      '/metrics',
      '/health/live',
      '/users/me;a/..',
      '/messages/a\\b',
      '/docs/assets/..%2fpackage.json',
      '/Users/me',
    ];
    for (const path of paths) {
      const { status, json } = await ask(world, path, { headers: bearer('usr_1') });
      expect([path, status, json?.code]).to.deep.equal([path, 404, 'RESOURCE_NOT_FOUND']);
    }
    expect(world.seen).to.deep.equal([]);
  });

  it('answers a known path with another method with 405 and Allow', async () => {
    for (const method of ['TRACE', 'PATCH', 'PUT']) {
      const { status, json, headers } = await ask(world, '/messages/', { method, headers: bearer('usr_1') });
      expect([status, json.code, headers.allow]).to.deep.equal([405, 'METHOD_NOT_ALLOWED', 'GET, POST, HEAD, OPTIONS']);
    }
    expect((await ask(world, '/users/register')).status).to.equal(405);
  });

  it('serves HEAD where GET is', async () => {
    expect(await ask(world, '/users/me', { method: 'HEAD', headers: bearer('usr_1') })).to.include({
      status: 200,
      text: '',
    });
    expect(world.seen[0]?.method).to.equal('HEAD');
  });

  it('answers a preflight of an allowed page, and gives another none of its headers', async () => {
    const preflight = (origin: string) =>
      ask(world, '/messages/', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
    const good = await preflight('http://localhost:3000');
    expect(good.status).to.equal(204);
    expect(good.headers['access-control-allow-origin']).to.equal('http://localhost:3000');
    expect((await preflight('https://evil.example')).headers).not.to.have.property('access-control-allow-origin');
    const { headers } = await ask(world, '/users/me', {
      headers: { ...bearer('usr_1'), origin: 'http://localhost:3000' },
    });
    expect(headers['access-control-expose-headers']).to.include('X-RateLimit-Limit');
    expect(headers['access-control-allow-origin']).to.equal('http://localhost:3000');
  });

  it('refuses a body that is too large, announced or not, and a URL that is too long', async () => {
    const headers = { ...bearer('usr_1'), 'content-type': 'application/json' };
    const body = Buffer.alloc(101 * 1024, 32);
    const announced = await ask(world, '/messages/', { method: 'POST', headers, body });
    expect([announced.status, announced.json.code]).to.deep.equal([413, 'PAYLOAD_TOO_LARGE']);
    const streamed = await ask(world, '/messages/', {
      method: 'POST',
      headers: { ...headers, 'transfer-encoding': 'chunked' },
      body,
    });
    expect([streamed.status, streamed.json.code]).to.deep.equal([413, 'PAYLOAD_TOO_LARGE']);
    const upload = await ask(world, '/files/upload', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'multipart/form-data' },
      body,
    });
    expect(upload.status).to.equal(200);
    const long = await ask(world, `/users?search=${'a'.repeat(9000)}`, { headers });
    expect([long.status, long.json.code]).to.deep.equal([414, 'VALIDATION_ERROR']);
  });

  it('answers what Node’s parser refuses, two Hosts, none, and an unknown Expect with the error object', async () => {
    const host = 'Host: a\r\n';
    const cases: [string, number][] = [
      [`GET / HTTP/1.1\r\n${host}${host}\r\n`, 400],
      ['GET / HTTP/1.1\r\n\r\n', 400],
      [`GET / HTTP/1.1\r\n${host}Expect: miracles\r\n\r\n`, 417],
      [`GET / HTTP/9.9\r\n${host}\r\n`, 400],
      [`POST /messages HTTP/1.1\r\n${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
      [`GET / HTTP/1.1\r\n${host}X: ${'a'.repeat(17_000)}\r\n\r\n`, 431],
      [`CONNECT a:80 HTTP/1.1\r\n${host}\r\n`, 405],
      [`GET http://evil.example/ HTTP/1.1\r\n${host}\r\n`, 404],
    ];
    for (const [text, status] of cases) {
      const [head = '', body = ''] = (await raw(world, text)).split('\r\n\r\n');
      expect(head.split('\r\n', 1)[0]).to.include(`HTTP/1.1 ${status}`);
      expect(head.toLowerCase()).to.include('x-request-id');
      expect(JSON.parse(body)).to.have.all.keys(ERROR_KEYS);
    }
    expect(await raw(world, 'GET / HTTP/1.0\r\n\r\n')).to.include('HTTP/1.1 200 OK');
  });

  it('asks for a body only when it will be taken', async () => {
    const start = `POST /messages HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n`;
    const refused = await raw(world, `${start}Content-Length: 2\r\n\r\n`);
    expect(refused).to.match(/^HTTP\/1.1 401/);
    const taken = await raw(world, `${start}Authorization: Bearer ${tokenOf('usr_1')}\r\nContent-Length: 2\r\n\r\n{}`);
    expect(taken).to.match(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
  });

  it('ignores Upgrade: h2c', async () => {
    const text = await raw(world, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    expect(text).to.match(/^HTTP\/1.1 200 OK/);
  });

  it('lets a revoked session and a banned user in nowhere, within a second', async () => {
    const headers = bearer('usr_gone');
    expect((await ask(world, '/users/me', { headers })).status).to.equal(200);
    world.revocations.push({ seq: 1, kind: 'session', subject: 'ses_usr_gone', at: new Date().toISOString() });
    world.revocations.push({ seq: 2, kind: 'ban', subject: 'usr_bad', at: new Date().toISOString() });
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect((await ask(world, '/users/me', { headers })).json.code).to.equal('AUTHENTICATION_ERROR');
    expect((await ask(world, '/users/me', { headers: bearer('usr_bad') })).json.code).to.equal('AUTHORIZATION_ERROR');
  });

  it('says whether the database can be reached', async () => {
    expect((await ask(world, '/test-db')).json).to.include({ status: 'ok', database: 'ok' });
  });

  it('counts requests by method, route and status', async () => {
    await ask(world, '/users/usr_9', { headers: bearer('usr_1') });
    expect(await world.ctx.metrics.metrics()).to.match(/duration_seconds_count\{[^}]*route="\/users\/:id"/);
  });
});

describe('the door before services that fail', () => {
  const worlds: World[] = [];
  const open = async (...args: Parameters<typeof startWorld>): Promise<World> => {
    const world = await startWorld(...args);
    worlds.push(world);
    return world;
  };
  after(() => Promise.all(worlds.map((world) => world.stop())));

  it('answers 503 with Retry-After when a service is down, and when it breaks off', async () => {
    const down = await open({ env: { USER_URL: await deadUrl() } });
    const broken = await open({ answer: (req) => void req.socket.destroy() });
    for (const world of [down, broken]) {
      const { status, json, headers } = await ask(world, '/users/me', { headers: bearer('usr_1') });
      expect([status, json.code]).to.deep.equal([503, 'SERVICE_UNAVAILABLE']);
      expect(json).to.have.all.keys(ERROR_KEYS);
      expect(headers).to.include.keys('retry-after', 'x-request-id');
    }
    expect(await down.ctx.metrics.metrics()).to.include('upstream_errors_total{service="user",reason="refused"');
  });

  it('passes over an instance that refuses, a body’s request included, and shares among those that live', async () => {
    const hits: string[] = [];
    const named = (name: string) =>
      serve(async (req, res) => {
        const body = Buffer.concat(await Array.fromAsync(req)).toString();
        hits.push(`${name} ${body}`);
        res.end('{}');
      });
    const [a, b] = [await named('a'), await named('b')];
    const world = await open({ env: { MESSAGE_URL: `${await deadUrl()},${a.url},${b.url}` } });
    const send = {
      method: 'POST',
      headers: { ...bearer('usr_1'), 'content-type': 'application/json' },
      body: '{"x":1}',
    };
    for (let i = 0; i < 9; i++) expect((await ask(world, '/messages', send)).status).to.equal(200);
    expect(hits).to.have.length(9);
    expect(new Set(hits)).to.deep.equal(new Set(['a {"x":1}', 'b {"x":1}']));
    await Promise.all([a.stop(), b.stop()]);
  });

  it('asks again, once, when only reading and a kept connection was closed under it', async () => {
    let calls = 0;
    const world = await open({
      answer: (req, res) => {
        if (++calls === 1) req.socket.destroy();
        else res.end('{"ok":true}');
      },
    });
    expect((await ask(world, '/users/me', { headers: bearer('usr_1') })).status).to.equal(200);
    calls = 0;
    const headers = { ...bearer('usr_1'), 'content-type': 'application/json' };
    expect((await ask(world, '/messages', { method: 'POST', headers, body: '{}' })).status).to.equal(503);
    expect(calls).to.equal(1);
  });

  it('passes a service’s own error, limit headers and policy on, and drops what is for one hop', async () => {
    const answer = { error: true, code: 'RATE_LIMIT_EXCEEDED' };
    const world = await open({
      env: { RATE_LIMIT_REQUESTS: '1000' },
      answer: (_req, res) =>
        void res
          .writeHead(429, {
            'content-type': 'application/json',
            'x-ratelimit-limit': '5',
            'content-security-policy': 'sandbox',
            'keep-alive': 'timeout=77',
            server: 'x',
            'x-powered-by': 'y',
          })
          .end(JSON.stringify(answer)),
    });
    const { status, json, headers } = await ask(world, '/users/login', { method: 'POST', body: '{}' });
    expect(status).to.equal(429);
    expect(json).to.deep.equal(answer);
    expect(headers).to.include({ 'x-ratelimit-limit': '5', 'content-security-policy': 'sandbox' });
    expect(headers).not.to.have.any.keys('server', 'x-powered-by');
    expect(headers['keep-alive']).not.to.equal('timeout=77');
  });

  it('answers 503 early when too much is under way; health still answers', async () => {
    const waiting: (() => void)[] = [];
    const world = await open({
      env: { MAX_IN_FLIGHT: '2' },
      answer: (_req, res) => void waiting.push(() => res.end('{}')),
    });
    const first = [1, 2].map(() => ask(world, '/users/me', { headers: bearer('usr_1') }));
    while (waiting.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    const { status, headers } = await ask(world, '/users/me', { headers: bearer('usr_1') });
    expect(status).to.equal(503);
    expect(headers).to.include.keys('retry-after');
    expect((await ask(world, '/')).status).to.equal(200);
    for (const go of waiting) go();
    await Promise.all(first);
  });

  it('refuses whoever needs a session to be checked while auth was never reached, and is not ready', async () => {
    const world = await open({ env: { AUTH_INTERNAL_URL: await deadUrl() } });
    expect((await ask(world, '/users/me', { headers: bearer('usr_1') })).status).to.equal(503);
    expect((await ask(world, '/')).status).to.equal(200);
    expect((await ask(world, '/test-db')).json.code).to.equal('SERVICE_UNAVAILABLE');
  });

  it('believes X-Forwarded-* of a proxy that it was told of, and sends HSTS behind https', async () => {
    const world = await open({ env: { TRUSTED_PROXIES: '127.0.0.0/8, 10.0.0.0/8' } });
    const forwarded = { 'x-forwarded-for': '6.6.6.6, 203.0.113.9, 10.1.2.3', 'x-forwarded-proto': 'https' };
    const { headers } = await ask(world, '/users/me', { headers: { ...bearer('usr_1'), ...forwarded } });
    expect(world.seen[0]?.headers).to.include({ 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' });
    expect(headers).to.include.keys('strict-transport-security');
  });
});
