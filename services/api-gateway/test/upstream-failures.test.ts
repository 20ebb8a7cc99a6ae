import { Readable } from 'node:stream';
import { AppError, createLog, respondError } from '@chatapi/kit';
import { DEAD_URL, startStubServer } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { ask, bearer, sendRaw, startGateway, type TestGateway, tokenOf } from './harness.ts';

const inPieces = (count: number): Readable =>
  Readable.from(
    (async function* () {
      for (let i = 0; i < count; i++) {
        yield Buffer.alloc(64_000);
        await new Promise(setImmediate);
      }
    })(),
  );

const ERROR_KEYS = ['code', 'details', 'error', 'message', 'request_id', 'timestamp'];

describe('API gateway in front of failing services', () => {
  const gateways: TestGateway[] = [];
  const open = async (...args: Parameters<typeof startGateway>): Promise<TestGateway> => {
    const gateway = await startGateway(...args);
    gateways.push(gateway);
    return gateway;
  };
  after(() => Promise.all(gateways.map((gateway) => gateway.stop())));

  it('answers 503 with Retry-After when a service is down or closes the connection', async () => {
    const down = await open({ env: { USER_URL: DEAD_URL } });
    const broken = await open({ answer: (req) => void req.socket.destroy() });
    for (const gateway of [down, broken]) {
      const { status, json, headers } = await ask(gateway, '/users/me', { headers: bearer('usr_1') });
      expect([status, json.code]).to.deep.equal([503, 'SERVICE_UNAVAILABLE']);
      expect(json).to.have.all.keys(ERROR_KEYS);
      expect(headers).to.include.keys('retry-after', 'x-request-id');
    }
    expect(await down.ctx.metrics.metrics()).to.include('upstream_errors_total{service="user",reason="refused"');
  });

  it('answers 503, not 401, when a service does not accept the gateway’s key: no client logs out for that', async () => {
    const gateway = await open({
      answer: (_req, res) => {
        const headers = { 'x-chatapi-refused': 'identity', 'content-type': 'application/json' };
        res.writeHead(401, headers).end('{"error":true,"code":"AUTHENTICATION_ERROR"}');
      },
    });
    const { status, json } = await ask(gateway, '/users/me', { headers: bearer('usr_1') });
    expect([status, json.code]).to.deep.equal([503, 'SERVICE_UNAVAILABLE']);
    expect(json).to.have.all.keys(ERROR_KEYS);
  });

  it('skips an instance that refuses connections, also for requests with a body, and uses the others in turn', async () => {
    const hits: string[] = [];
    const named = (name: string) =>
      startStubServer(async (req, res) => {
        const body = Buffer.concat(await Array.fromAsync(req)).toString();
        hits.push(`${name} ${body}`);
        res.end('{}');
      });
    const [a, b] = [await named('a'), await named('b')];
    const gateway = await open({ env: { MESSAGE_URL: `${DEAD_URL},${a.url},${b.url}` } });
    const send = {
      method: 'POST',
      headers: { ...bearer('usr_1'), 'content-type': 'application/json' },
      body: '{"x":1}',
    };
    for (let i = 0; i < 9; i++) expect((await ask(gateway, '/rooms', send)).status).to.equal(200);
    expect(hits).to.have.length(9);
    expect(new Set(hits)).to.deep.equal(new Set(['a {"x":1}', 'b {"x":1}']));
    await Promise.all([a.stop(), b.stop()]);
  });

  it('retries a GET once when the service closes a keep-alive connection, and never a POST', async () => {
    let calls = 0;
    const gateway = await open({
      answer: (req, res) => {
        if (++calls === 1) req.socket.destroy();
        else res.end('{"ok":true}');
      },
    });
    expect((await ask(gateway, '/users/me', { headers: bearer('usr_1') })).status).to.equal(200);
    calls = 0;
    const headers = { ...bearer('usr_1'), 'content-type': 'application/json' };
    expect((await ask(gateway, '/rooms', { method: 'POST', headers, body: '{}' })).status).to.equal(503);
    expect(calls).to.equal(1);
  });

  it('passes on a service’s error, limit headers and security policy, but no hop-by-hop headers', async () => {
    const answer = { error: true, code: 'RATE_LIMIT_EXCEEDED' };
    const gateway = await open({
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
    const { status, json, headers } = await ask(gateway, '/users/login', { method: 'POST', body: '{}' });
    expect(status).to.equal(429);
    expect(json).to.deep.equal(answer);
    expect(headers).to.include({ 'x-ratelimit-limit': '5', 'content-security-policy': 'sandbox' });
    expect(headers).not.to.have.any.keys('server', 'x-powered-by');
    expect(headers['keep-alive']).not.to.equal('timeout=77');
  });

  it('passes on the refusal of a body that is still being sent, also with Connection: close', async () => {
    const refusal = new AppError('UNSUPPORTED_MEDIA_TYPE', 'not this');
    const gateway = await open({
      env: { RATE_LIMIT_UPLOADS: '0' },
      answer: (req, res) =>
        void req.once('data', () => respondError(createLog('x', 'x', 'silent'), refusal, req, res, 'r')),
    });
    // The gateway itself refuses a message body of this size.
    for (const path of ['/files/upload', '/messages']) {
      for (const connection of ['close', 'keep-alive']) {
        const headers = { ...bearer('usr_1'), connection, 'transfer-encoding': 'chunked' };
        for (let i = 0; i < 30; i++) {
          const { status, json } = await ask(gateway, path, { method: 'POST', headers, body: inPieces(20) });
          expect([415, 413], `${path} ${connection} ${i}`).to.include(status);
          if (path !== '/messages') expect(json.code).to.equal('UNSUPPORTED_MEDIA_TYPE');
        }
      }
    }
  });

  it('answers 503 sooner than elsewhere to what is old by then, when a service hangs', async () => {
    const gateway = await open({ answer: () => undefined });
    const before = Date.now();
    const { status, json } = await ask(gateway, '/rooms/r/typing', { method: 'POST', headers: bearer('usr_1') });
    expect([status, json.code]).to.deep.equal([503, 'SERVICE_UNAVAILABLE']);
    // After 2.5 s; elsewhere after 8.
    expect(Date.now() - before).to.be.within(2000, 6000);
  });

  it('answers 503 at once above MAX_IN_FLIGHT; health checks still pass', async () => {
    const waiting: (() => void)[] = [];
    const gateway = await open({
      env: { MAX_IN_FLIGHT: '2' },
      answer: (_req, res) => void waiting.push(() => res.end('{}')),
    });
    const first = [1, 2].map(() => ask(gateway, '/users/me', { headers: bearer('usr_1') }));
    while (waiting.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    const { status, headers } = await ask(gateway, '/users/me', { headers: bearer('usr_1') });
    expect(status).to.equal(503);
    expect(headers).to.include.keys('retry-after');
    expect((await ask(gateway, '/')).status).to.equal(200);
    for (const go of waiting) go();
    await Promise.all(first);
  });

  it('answers 408 to a body that does not arrive, while others are served', async () => {
    const gateway = await open();
    const start = `POST /messages HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tokenOf('usr_1')}\r\n`;
    const slow = [1, 2, 3].map(() => sendRaw(gateway, `${start}Content-Length: 9\r\n\r\n{`, 9000));
    const halves = Array.from({ length: 50 }, () => sendRaw(gateway, 'GET / HTTP/1.1\r\nHo', 500));
    expect((await ask(gateway, '/users/me', { headers: bearer('usr_2') })).status).to.equal(200);
    for (const text of await Promise.all(slow))
      expect(text)
        .to.match(/^HTTP\/1.1 408/)
        .and.include('VALIDATION_ERROR');
    await Promise.all(halves);
  }).timeout(15_000);

  it('answers 503 to routes that need a user while auth has never been reached', async () => {
    const gateway = await open({ env: { AUTH_INTERNAL_URL: DEAD_URL } });
    expect((await ask(gateway, '/users/me', { headers: bearer('usr_1') })).status).to.equal(503);
    expect((await ask(gateway, '/')).status).to.equal(200);
    expect((await ask(gateway, '/test-db')).json.code).to.equal('SERVICE_UNAVAILABLE');
  });

  it('trusts X-Forwarded-* of a configured proxy, and sends HSTS behind https', async () => {
    const gateway = await open({ env: { TRUSTED_PROXIES: '127.0.0.0/8, 10.0.0.0/8' } });
    const forwarded = { 'x-forwarded-for': '6.6.6.6, 203.0.113.9, 10.1.2.3', 'x-forwarded-proto': 'https' };
    const { headers } = await ask(gateway, '/users/me', { headers: { ...bearer('usr_1'), ...forwarded } });
    expect(gateway.seen[0]?.headers).to.include({ 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' });
    expect(headers).to.include.keys('strict-transport-security');
  });
});
