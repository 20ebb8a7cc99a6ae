import { request } from 'node:http';
import { expect } from 'chai';
import { type Account, type Json, register, rest, unique } from '../support/client.ts';
import { gateway } from '../support/cluster.ts';
import { expectError, expectInvalid, REQUEST_ID } from '../support/expects.ts';
import { bodyOf, exchangeBytes, type RawAnswer } from '../support/raw.ts';
import '../support/shared-cluster.ts';

/** Sends exactly this path and method, which normal clients would change or refuse. */
const raw = (
  method: string,
  path: string,
  { token }: Account,
): Promise<{ status: number; headers: Json; body: Json }> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(gateway());
    const req = request({ hostname, port, method, path, headers: { authorization: `Bearer ${token}` } }, (res) => {
      let text = '';
      res.on('data', (chunk) => (text += chunk));
      res.on('end', () =>
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text === '' ? {} : JSON.parse(text) }),
      );
    });
    req.on('error', reject).end();
  });

describe('conventions of every response', () => {
  let ann: Account;
  before(async () => {
    ann = await register('ann');
  });

  it('gives every response a request id and keeps a well-formed one', async () => {
    const own = await rest(ann).get('/users/me').set('X-Request-Id', 'my.request_1');
    expect(own.headers['x-request-id']).to.equal('my.request_1');
    for (const bad of ['abc', 'with space', 'x'.repeat(129)]) {
      const answer = await rest(ann).get('/users/me').set('X-Request-Id', bad);
      expect(answer.headers['x-request-id']).to.match(REQUEST_ID).and.not.equal(bad);
    }
    const error = await rest().get('/users/me').set('X-Request-Id', 'my.request_2');
    expect(expectError(error, 401, 'AUTHENTICATION_ERROR').request_id).to.equal('my.request_2');
  });

  it('answers with and without the trailing slash, without a redirect', async () => {
    for (const path of ['/users/me', '/users/me/', '/messages', '/messages/', '/rooms', '/rooms/', '/files', '/files/'])
      await rest(ann).get(path).expect(200);
    await rest(ann)
      .post('/messages', { chat_id: unique('slash'), content: 'x' })
      .expect(201);
  });

  it('refuses malformed JSON, another body type, wrong types and unknown fields', async () => {
    const post = (text: string, type = 'application/json') =>
      rest(ann).post('/messages/').set('Content-Type', type).send(text);
    expectError(await post('{"chat_id":'), 400, 'VALIDATION_ERROR');
    expectError(await post('"text"'), 400, 'VALIDATION_ERROR');
    expectError(await post('chat_id=a&content=b', 'application/x-www-form-urlencoded'), 415, 'UNSUPPORTED_MEDIA_TYPE');
    const room = unique('types');
    expectInvalid(await rest(ann).post('/messages/', { chat_id: room, content: 7 }), 'content');
    expectInvalid(await rest(ann).post('/messages/', { chat_id: room, content: 'x', colour: 'red' }), 'colour');
    expectInvalid(await rest(ann).post('/messages/', { chat_id: ['a'], content: 'x' }), 'chat_id');
    expectInvalid(await rest().post('/users/register', { username: 'x', email: 'no', password: 'short' }), 'username');
    expectError(await rest(ann).get(`/rooms/${room}`), 404, 'RESOURCE_NOT_FOUND');
  });

  it('refuses a body over 100 KiB, and a list query out of range', async () => {
    const huge = { chat_id: 'general', content: 'x'.repeat(101 * 1024) };
    expectError(await rest(ann).post('/messages/', huge), 413, 'PAYLOAD_TOO_LARGE');
    for (const query of ['limit=0', 'limit=101', 'limit=', 'skip=-1', 'limit=ten'])
      expectError(await rest(ann).get(`/messages/?${query}`), 400, 'VALIDATION_ERROR');
  });

  it('answers 405 with Allow', async () => {
    for (const [method, path, allow] of [
      ['DELETE', '/users/register', 'POST'],
      ['POST', '/users/me', 'PUT'],
      ['PATCH', '/messages/', 'POST'],
    ] as const) {
      const answer = await raw(method, path, ann);
      expectError(answer, 405, 'METHOD_NOT_ALLOWED');
      expect(answer.headers.allow).to.include(allow);
    }
  });

  it('answers 404 for unknown routes and exposes no internal ones', async () => {
    for (const path of [
      '/nothing',
      '/usersx/me',
      '/internal/accounts',
      '/health/live',
      '/metrics',
      '/messages/../internal/heads',
    ])
      expectError(await raw('GET', path, ann), 404, 'RESOURCE_NOT_FOUND');
    for (const path of ['/users/%2e%2e/internal/jwks', '/users//me', '/users/..%2finternal', '/users/%5cme', '/%'])
      expect((await raw('GET', path, ann)).status, path).to.be.oneOf([400, 404]);
  });

  it('requires a valid token', async () => {
    expectError(await rest().get('/messages/'), 401, 'AUTHENTICATION_ERROR');
    for (const token of ['x', 'a.b.c', `${ann.token}x`, ann.refresh_token])
      expectError(await rest({ token }).get('/users/me'), 401, 'AUTHENTICATION_ERROR');
    const [, claims] = ann.token.split('.');
    const none = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${claims}.`;
    expectError(await rest({ token: none }).get('/users/me'), 401, 'AUTHENTICATION_ERROR');
  });

  it('sets the safe headers', async () => {
    const { headers } = await rest(ann).get('/users/me').expect(200);
    expect(headers['x-content-type-options']).to.equal('nosniff');
    expect(headers['cache-control']).to.include('no-store');
    expect(headers).to.not.have.any.keys('x-powered-by', 'x-ratelimit-limit');
  });

  it('allows only listed origins', async () => {
    const allowed = await rest().get('/').set('Origin', 'http://localhost:3000');
    expect(allowed.headers['access-control-allow-origin']).to.equal('http://localhost:3000');
    const other = await rest().get('/').set('Origin', 'https://evil.example');
    expect(other.headers).to.not.have.property('access-control-allow-origin');
  });

  it('sends the error object also for requests that the HTTP parser rejects', async () => {
    for (const text of [
      'NONSENSE\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n',
      'POST /users/login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${'y'.repeat(17_000)}\r\nConnection: close\r\n\r\n`,
    ]) {
      const [answer] = (await exchangeBytes(text)) as [RawAnswer];
      expect(answer.status, text.slice(0, 30)).to.be.within(400, 499);
      expect(bodyOf(answer)).to.include({ error: true, code: 'VALIDATION_ERROR' });
    }
  });
});
