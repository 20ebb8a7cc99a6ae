import { Readable } from 'node:stream';
import { AppError, openLog, respondError } from '@chatapi/kit';
import { expect } from 'chai';
import { ask, bearer, DEAD_URL, raw, serve, startWorld, tokenOf, type World } from './world.ts';

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

describe('the door before services that fail', () => {
  const worlds: World[] = [];
  const open = async (...args: Parameters<typeof startWorld>): Promise<World> => {
    const world = await startWorld(...args);
    worlds.push(world);
    return world;
  };
  after(() => Promise.all(worlds.map((world) => world.stop())));

  it('answers 503 with Retry-After when a service is down, and when it breaks off', async () => {
    const down = await open({ env: { USER_URL: DEAD_URL } });
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
    const world = await open({ env: { MESSAGE_URL: `${DEAD_URL},${a.url},${b.url}` } });
    const send = {
      method: 'POST',
      headers: { ...bearer('usr_1'), 'content-type': 'application/json' },
      body: '{"x":1}',
    };
    for (let i = 0; i < 9; i++) expect((await ask(world, '/rooms', send)).status).to.equal(200);
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
    expect((await ask(world, '/rooms', { method: 'POST', headers, body: '{}' })).status).to.equal(503);
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

  it('passes on why a body was refused while it is still being sent, in pieces and on a connection to be closed', async () => {
    const refusal = new AppError('UNSUPPORTED_MEDIA_TYPE', 'not this');
    const world = await open({
      env: { RATE_LIMIT_UPLOADS: '0' },
      answer: (req, res) =>
        void req.once('data', () => respondError(openLog('x', 'x', 'silent'), refusal, req, res, 'r')),
    });
    // Of a message, the door itself takes less than what is sent here.
    for (const path of ['/files/upload', '/messages']) {
      for (const connection of ['close', 'keep-alive']) {
        const headers = { ...bearer('usr_1'), connection, 'transfer-encoding': 'chunked' };
        for (let i = 0; i < 30; i++) {
          const { status, json } = await ask(world, path, { method: 'POST', headers, body: inPieces(20) });
          expect([415, 413], `${path} ${connection} ${i}`).to.include(status);
          if (path !== '/messages') expect(json.code).to.equal('UNSUPPORTED_MEDIA_TYPE');
        }
      }
    }
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

  it('gives up a body that does not arrive, while others are served', async () => {
    const world = await open();
    const start = `POST /messages HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tokenOf('usr_1')}\r\n`;
    const slow = [1, 2, 3].map(() => raw(world, `${start}Content-Length: 9\r\n\r\n{`, 9000));
    const halves = Array.from({ length: 50 }, () => raw(world, 'GET / HTTP/1.1\r\nHo', 500));
    expect((await ask(world, '/users/me', { headers: bearer('usr_2') })).status).to.equal(200);
    for (const text of await Promise.all(slow))
      expect(text)
        .to.match(/^HTTP\/1.1 408/)
        .and.include('VALIDATION_ERROR');
    await Promise.all(halves);
  }).timeout(15_000);

  it('refuses whoever needs a session to be checked while auth was never reached, and is not ready', async () => {
    const world = await open({ env: { AUTH_INTERNAL_URL: DEAD_URL } });
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
