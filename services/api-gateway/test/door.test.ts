import { identityKey, openIdentity } from '@chatapi/kit';
import { expect } from 'chai';
import { ask, bearer, raw, startWorld, tokenOf, type World } from './world.ts';

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
    for (const path of ['/rooms?limit=5', '/rooms/?limit=5']) {
      expect(await ask(world, path, { headers: bearer('usr_1') })).to.include({ status: 200, text: '{"ok":true}' });
    }
    expect(world.seen.map(({ url }) => url)).to.deep.equal(['/rooms?limit=5', '/rooms?limit=5']);
  });

  it('passes a body unread', async () => {
    const body = '{"chat_id":"a","name":"é \\u0000"}';
    const headers = { ...bearer('usr_1'), 'content-type': 'application/json', 'idempotency-key': 'k1' };
    expect((await ask(world, '/rooms/', { method: 'POST', headers, body })).status).to.equal(200);
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
    for (const name of ['X-RateLimit-Limit', 'Retry-After', 'X-Request-Id', 'Date'])
      expect(String(headers['access-control-expose-headers']).split(',')).to.include(name);
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
