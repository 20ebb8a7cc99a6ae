import { type ServiceName, verifyIdentity } from '@chatapi/kit/auth';
import { testKeys } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { ask, bearer, sendRaw, startGateway, type TestGateway, tokenOf } from './harness.ts';

const ERROR_KEYS = ['code', 'details', 'error', 'message', 'request_id', 'timestamp'];

describe('API gateway', () => {
  let gateway: TestGateway;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway?.stop());
  beforeEach(() => void gateway.seen.splice(0));

  const identityAt = (index: number, service: ServiceName) =>
    verifyIdentity(testKeys(service), gateway.seen[index]?.headers ?? {});

  it('answers GET / itself, with the security headers and without a rate limit', async () => {
    const { status, json, headers } = await ask(gateway, '/');
    expect(status).to.equal(200);
    expect(json).to.include({ status: 'ok', service: 'chatapi' });
    expect(headers).to.include({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    expect(headers).not.to.have.any.keys('x-powered-by', 'strict-transport-security', 'x-ratelimit-limit');
    expect(headers['x-request-id']).to.match(/^req_/);
  });

  it('forwards a route with or without a trailing slash, with its query, without a redirect', async () => {
    for (const path of ['/rooms?limit=5', '/rooms/?limit=5']) {
      expect(await ask(gateway, path, { headers: bearer('usr_1') })).to.include({ status: 200, text: '{"ok":true}' });
    }
    expect(gateway.seen.map(({ url }) => url)).to.deep.equal(['/rooms?limit=5', '/rooms?limit=5']);
  });

  it('forwards a body unchanged', async () => {
    const body = '{"chat_id":"a","name":"é \\u0000"}';
    const headers = { ...bearer('usr_1'), 'content-type': 'application/json', 'idempotency-key': 'k1' };
    expect((await ask(gateway, '/rooms/', { method: 'POST', headers, body })).status).to.equal(200);
    expect(gateway.seen[0]).to.include({ method: 'POST', body });
    expect(gateway.seen[0]?.headers['idempotency-key']).to.equal('k1');
  });

  it('sends the service a signed identity and no identity or address headers of the client', async () => {
    const headers = {
      ...bearer('usr_1'),
      'x-forwarded-for': '6.6.6.6',
      'x-real-ip': '6.6.6.6',
      forwarded: 'for=6.6.6.6',
      'x-user-id': 'usr_admin',
      'x-internal-secret': 'x',
      'x-chatapi-caller': 'forged',
      'x-chatapi-identity': 'forged',
      'x-forwarded-host': 'evil.example',
      cookie: 'a=b',
      connection: 'keep-alive, x-request-id',
      'x-request-id': 'mine-1234',
    };
    const { headers: got } = await ask(gateway, '/users/me', { headers });
    const seen = gateway.seen[0]?.headers ?? {};
    expect(seen).to.include({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-request-id': 'mine-1234',
    });
    expect(seen['x-forwarded-host']).to.equal(`127.0.0.1:${gateway.port}`);
    expect(seen).not.to.have.any.keys(
      'authorization',
      'cookie',
      'x-real-ip',
      'forwarded',
      'x-user-id',
      'x-internal-secret',
    );
    expect(identityAt(0, 'user')).to.include({
      kind: 'user',
      user_id: 'usr_1',
      session_id: 'ses_usr_1',
      role: 'user',
      ip: '127.0.0.1',
    });
    expect(got['x-request-id']).to.equal('mine-1234');
  });

  it('accepts the bearer scheme in any case, and treats a bad token on a public route as no token', async () => {
    expect(
      (await ask(gateway, '/users/me', { headers: { authorization: `bEARER ${tokenOf('usr_2')}` } })).status,
    ).to.equal(200);
    const headers = { authorization: 'Bearer nonsense', 'content-type': 'application/json' };
    expect((await ask(gateway, '/users/login', { method: 'POST', headers, body: '{}' })).status).to.equal(200);
    expect(identityAt(1, 'auth')).to.include({ kind: 'anonymous', ip: '127.0.0.1' });
  });

  it('answers 401 without a valid token where a user is required, and calls no service', async () => {
    const expired = tokenOf('usr_1', { iat: 1000 });
    for (const authorization of ['', 'Bearer x.y.z', 'Basic YTpi', `Bearer ${expired}`]) {
      const { status, json, headers } = await ask(gateway, '/messages/', { headers: { authorization } });
      expect(status).to.equal(401);
      expect(json).to.have.all.keys(ERROR_KEYS);
      expect(json.code).to.equal('AUTHENTICATION_ERROR');
      expect(headers['www-authenticate']).to.match(/^Bearer/);
    }
    expect(gateway.seen).to.deep.equal([]);
  });

  it('answers 404 to every spelling of a path that is not in the public API', async () => {
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
      const { status, json } = await ask(gateway, path, { headers: bearer('usr_1') });
      expect([path, status, json?.code]).to.deep.equal([path, 404, 'RESOURCE_NOT_FOUND']);
    }
    expect(gateway.seen).to.deep.equal([]);
  });

  it('answers 405 with Allow to another method of a known path', async () => {
    for (const method of ['TRACE', 'PATCH', 'PUT']) {
      const { status, json, headers } = await ask(gateway, '/messages/', { method, headers: bearer('usr_1') });
      expect([status, json.code, headers.allow]).to.deep.equal([405, 'METHOD_NOT_ALLOWED', 'GET, POST, HEAD, OPTIONS']);
    }
    expect((await ask(gateway, '/users/register')).status).to.equal(405);
  });

  it('answers HEAD wherever GET is allowed', async () => {
    expect(await ask(gateway, '/users/me', { method: 'HEAD', headers: bearer('usr_1') })).to.include({
      status: 200,
      text: '',
    });
    expect(gateway.seen[0]?.method).to.equal('HEAD');
  });

  it('lets a page of an allowed origin read every error: a URL or headers that are too long, an unknown path', async () => {
    const origin = 'http://localhost:3000';
    const long = `/messages?chat_id=${'x'.repeat(9000)}`;
    const wanted = {
      origin,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    };
    for (const path of [long, '/nothing', '/messages']) {
      const preflight = await ask(gateway, path, { method: 'OPTIONS', headers: wanted });
      expect([preflight.status, preflight.headers['access-control-allow-origin']]).to.deep.equal([204, origin]);
    }
    const read = async (path: string, headers: Record<string, string>) => {
      const answer = await ask(gateway, path, { headers });
      return [answer.status, answer.headers['access-control-allow-origin'], answer.json?.code];
    };
    expect(await read(long, { origin })).to.deep.equal([414, origin, 'VALIDATION_ERROR']);
    expect(await read('/nothing', { origin })).to.deep.equal([404, origin, 'RESOURCE_NOT_FOUND']);
    const cookie = 'x'.repeat(17_000);
    expect(await read('/', { origin, cookie })).to.deep.equal([431, origin, 'VALIDATION_ERROR']);
    expect(await read('/', { origin: 'https://evil.example', cookie })).to.deep.equal([
      431,
      undefined,
      'VALIDATION_ERROR',
    ]);
    expect(await read(long, { origin: 'https://evil.example' })).to.deep.equal([414, undefined, 'VALIDATION_ERROR']);
  });

  it('asks for the state of the database once a second at most', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(gateway, '/test-db')));
    expect(answers.map(({ status }) => status)).to.deep.equal(Array(5).fill(200));
    expect(new Set(answers.map(({ json }) => json.timestamp)).size).to.equal(1);
  });

  it('answers a preflight of an allowed origin, and sends no CORS headers to another', async () => {
    const preflight = (origin: string) =>
      ask(gateway, '/messages/', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
    const good = await preflight('http://localhost:3000');
    expect(good.status).to.equal(204);
    expect(good.headers['access-control-allow-origin']).to.equal('http://localhost:3000');
    expect((await preflight('http://localhost:5173')).headers['access-control-allow-origin']).to.equal(
      'http://localhost:5173',
    );
    for (const other of ['https://evil.example', 'https://localhost:5173'])
      expect((await preflight(other)).headers).not.to.have.property('access-control-allow-origin');
    const { headers } = await ask(gateway, '/users/me', {
      headers: { ...bearer('usr_1'), origin: 'http://localhost:3000' },
    });
    for (const name of ['X-RateLimit-Limit', 'Retry-After', 'X-Request-Id', 'Date'])
      expect(String(headers['access-control-expose-headers']).split(',')).to.include(name);
    expect(headers['access-control-allow-origin']).to.equal('http://localhost:3000');
  });

  it('refuses a body that is too large, with or without Content-Length, and a URL that is too long', async () => {
    const headers = { ...bearer('usr_1'), 'content-type': 'application/json' };
    const body = Buffer.alloc(101 * 1024, 32);
    const announced = await ask(gateway, '/messages/', { method: 'POST', headers, body });
    expect([announced.status, announced.json.code]).to.deep.equal([413, 'PAYLOAD_TOO_LARGE']);
    const streamed = await ask(gateway, '/messages/', {
      method: 'POST',
      headers: { ...headers, 'transfer-encoding': 'chunked' },
      body,
    });
    expect([streamed.status, streamed.json.code]).to.deep.equal([413, 'PAYLOAD_TOO_LARGE']);
    const upload = await ask(gateway, '/files/upload', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'multipart/form-data' },
      body,
    });
    expect(upload.status).to.equal(200);
    const long = await ask(gateway, `/users?search=${'a'.repeat(9000)}`, { headers });
    expect([long.status, long.json.code]).to.deep.equal([414, 'VALIDATION_ERROR']);
  });

  it('answers with the error object what Node’s parser refuses, two Hosts, no Host and an unknown Expect', async () => {
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
      const [head = '', body = ''] = (await sendRaw(gateway, text)).split('\r\n\r\n');
      expect(head.split('\r\n', 1)[0]).to.include(`HTTP/1.1 ${status}`);
      expect(head.toLowerCase()).to.include('x-request-id');
      expect(JSON.parse(body)).to.have.all.keys(ERROR_KEYS);
    }
    expect(await sendRaw(gateway, 'GET / HTTP/1.0\r\n\r\n')).to.include('HTTP/1.1 200 OK');
  });

  it('answers 100 Continue only when it will accept the body', async () => {
    const start = `POST /messages HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n`;
    const refused = await sendRaw(gateway, `${start}Content-Length: 2\r\n\r\n`);
    expect(refused).to.match(/^HTTP\/1.1 401/);
    const taken = await sendRaw(
      gateway,
      `${start}Authorization: Bearer ${tokenOf('usr_1')}\r\nContent-Length: 2\r\n\r\n{}`,
    );
    expect(taken).to.match(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
  });

  it('ignores Upgrade: h2c', async () => {
    const text = await sendRaw(gateway, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    expect(text).to.match(/^HTTP\/1.1 200 OK/);
  });

  it('refuses a revoked session and a banned user on every route within a second', async () => {
    const headers = bearer('usr_gone');
    expect((await ask(gateway, '/users/me', { headers })).status).to.equal(200);
    gateway.revocations.push({ seq: 1, kind: 'session', subject: 'ses_usr_gone', at: new Date().toISOString() });
    gateway.revocations.push({ seq: 2, kind: 'ban', subject: 'usr_bad', at: new Date().toISOString() });
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect((await ask(gateway, '/users/me', { headers })).json.code).to.equal('AUTHENTICATION_ERROR');
    expect((await ask(gateway, '/users/me', { headers: bearer('usr_bad') })).json.code).to.equal('AUTHORIZATION_ERROR');
  });

  it('reports whether the database can be reached', async () => {
    expect((await ask(gateway, '/test-db')).json).to.include({ status: 'ok', database: 'ok' });
  });

  it('counts requests by method, route and status', async () => {
    await ask(gateway, '/users/usr_9', { headers: bearer('usr_1') });
    expect(await gateway.ctx.metrics.metrics()).to.match(/duration_seconds_count\{[^}]*route="\/users\/:id"/);
  });
});
