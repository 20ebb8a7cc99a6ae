import { gzipSync } from 'node:zlib';
import { notFound } from '@chatapi/kit';
import { attachRpcServer, RawBody } from '@chatapi/kit/rpc';
import { DEAD_URL, silentSink, startStubServer, testKeys } from '@chatapi/kit/testing';
import { expect } from 'chai';
import {
  ask,
  bearer,
  type RequestOptions,
  sendRaw,
  startGateway,
  type TestGateway,
  type TestResponse,
  tokenOf,
} from './harness.ts';

type Answer = { status: number; headers: Record<string, string>; body: string };
type Posts = { node: string; posts: { sender_id: string; request_id: string; key?: string; body: string }[] };
type Page = { user_id: string; request_id: string; query: string };

/** The message service's internal listener: `answer` answers posts; a page echoes its request. */
async function startMessage(answer: (posts: Posts) => Answer[] | Promise<Answer[]>) {
  const calls: Posts[] = [];
  const pages: Page[] = [];
  const { url, server, stop } = await startStubServer((_req, res) => void res.writeHead(404).end());
  const rpcServer = attachRpcServer(server, testKeys('message'), silentSink(), async (what, body) => {
    if (what === 'POST /internal/page') {
      pages.push(body as Page);
      if ((body as Page).query.includes('dies') && pages.length === 1) throw new Error('a failure');
      if ((body as Page).query.includes('strange')) throw notFound('Route');
      const status = (body as Page).query.includes('none') ? 404 : 200;
      return new RawBody({ status, headers: { 'X-Of': 'message' } }, JSON.stringify(body));
    }
    expect(what).to.equal('POST /internal/posts');
    calls.push(body as Posts);
    return { answers: await answer(body as Posts) };
  });
  return {
    url,
    calls,
    pages,
    async stop() {
      rpcServer.close(0);
      await stop();
    },
  };
}

const created = ({ posts }: Posts): Answer[] =>
  posts.map(({ body }) => ({ status: 201, headers: {}, body: `{"of":${body}}` }));
const JSON_TYPE = { 'content-type': 'application/json' };
const post = (
  gateway: TestGateway,
  user: string,
  body: string | Buffer,
  headers: RequestOptions['headers'] = JSON_TYPE,
): Promise<TestResponse> =>
  ask(gateway, '/messages/', { method: 'POST', headers: { ...bearer(user), ...headers }, body });

describe('forwarding to the message service over RPC', () => {
  const stops: (() => Promise<void>)[] = [];
  async function open(answer: Parameters<typeof startMessage>[0], env: Record<string, string> = {}) {
    const message = await startMessage(answer);
    const gateway = await startGateway({ env: { MESSAGE_INTERNAL_URL: message.url, ...env } });
    stops.push(gateway.stop, message.stop);
    return { message, gateway };
  }
  after(async () => {
    for (const stop of stops) await stop();
  });

  it('concurrent posts share calls, each with its body unchanged and a response of its own', async () => {
    const { message, gateway } = await open(created);
    const bodies = Array.from({ length: 60 }, (_, i) => `{"chat_id" : "r", "content":"é ${i} \\u0000"}`);
    const got = await Promise.all(
      bodies.map((body, i) => post(gateway, `usr_${i}`, body, { ...JSON_TYPE, 'x-request-id': `mine-${i}-1234` })),
    );
    for (const [i, { status, text, headers }] of got.entries()) {
      expect([status, text]).to.deep.equal([201, `{"of":${bodies[i]}}`]);
      expect(headers).to.include({
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-store',
        'x-request-id': `mine-${i}-1234`,
      });
    }
    expect(message.calls.length).to.be.below(30);
    const posts = message.calls.flatMap(({ posts }) => posts);
    expect(posts.map(({ sender_id }) => sender_id).sort()).to.deep.equal(bodies.map((_, i) => `usr_${i}`).sort());
    expect(gateway.seen).to.deep.equal([]);
  });

  it('posts that are compressed, chunked, not UTF-8 JSON or with a query are proxied to the service', async () => {
    const { message, gateway } = await open(created);
    const body = '{"content":"x"}';
    const unusual: [string | Buffer, Record<string, string>][] = [
      [gzipSync(body), { ...JSON_TYPE, 'content-encoding': 'gzip' }],
      [body, { 'content-type': 'application/json; charset=utf-16' }],
      [body, { 'content-type': 'text/plain' }],
      [body, {}],
      [body, { ...JSON_TYPE, 'transfer-encoding': 'chunked' }],
      [body, { ...JSON_TYPE, expect: '100-continue' }],
    ];
    for (const [one, headers] of unusual) expect((await post(gateway, 'usr_1', one, headers)).status).to.equal(200);
    const asking = { method: 'POST', headers: { ...bearer('usr_1'), ...JSON_TYPE }, body };
    expect((await ask(gateway, '/messages/?x=1', asking)).status).to.equal(200);
    expect(gateway.seen).to.have.length(unusual.length + 1);
    expect(message.calls).to.deep.equal([]);
    expect((await post(gateway, 'usr_1', body, { 'content-type': 'application/json;charset=UTF-8' })).status).to.equal(
      201,
    );
  });

  it('posts carry their idempotency key, and get the service’s errors with their headers', async () => {
    const { message, gateway } = await open(() => [
      { status: 429, headers: { 'Retry-After': '7' }, body: '{"error":true,"code":"RATE_LIMIT_EXCEEDED"}' },
    ]);
    const { status, json, headers } = await post(gateway, 'usr_1', '{', { ...JSON_TYPE, 'idempotency-key': 'k1' });
    expect([status, json.code, headers['retry-after']]).to.deep.equal([429, 'RATE_LIMIT_EXCEEDED', '7']);
    expect(message.calls[0]?.posts[0]).to.include({ key: 'k1', body: '{' });
  });

  it('posts go to the next instance when one is down, and get 503 when none is left', async () => {
    const { url, calls, stop } = await startMessage(created);
    stops.push(stop);
    const { gateway } = await open(created, { MESSAGE_INTERNAL_URL: `${DEAD_URL},${url}` });
    for (let i = 0; i < 6; i++) expect((await post(gateway, 'usr_1', '{}')).status).to.equal(201);
    expect(calls).to.have.length(6);
    const { gateway: alone } = await open(created, { MESSAGE_INTERNAL_URL: DEAD_URL });
    const { status, json, headers } = await post(alone, 'usr_1', '{}');
    expect([status, json.code]).to.deep.equal([503, 'SERVICE_UNAVAILABLE']);
    expect(headers).to.include.keys('retry-after', 'x-request-id');
    expect(await alone.ctx.metrics.metrics()).to.include('upstream_errors_total{service="message",reason="refused"');
  });

  it('posts are sent once: a failed call is answered with 503, and the next post is served', async () => {
    let answers = false;
    const { message, gateway } = await open((posts) => {
      if (answers) return created(posts);
      answers = true;
      return [];
    });
    expect((await post(gateway, 'usr_1', '{}')).status).to.equal(503);
    expect(message.calls).to.have.length(1);
    expect((await post(gateway, 'usr_1', '{}')).status).to.equal(201);
    expect(await gateway.ctx.metrics.metrics()).to.include('upstream_errors_total{service="message",reason="broken"');
  });

  it('posts get 503 from a service that hangs, also those that waited behind another batch', async () => {
    const { gateway } = await open(() => new Promise(() => undefined));
    const first = post(gateway, 'usr_1', '{}');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const [one, two] = await Promise.all([first, post(gateway, 'usr_2', '{}')]);
    expect([one.status, two.status]).to.deep.equal([503, 503]);
  });

  it('posts with attachments do not delay posts without', async () => {
    let free: () => void = () => undefined;
    const freed = new Promise<void>((resolve) => {
      free = resolve;
    });
    const { message, gateway } = await open(async (posts) => {
      if (posts.posts.some(({ body }) => body.includes('file_1'))) await freed;
      return created(posts);
    });
    const withFile = post(gateway, 'usr_1', '{"chat_id":"r","attachments" : [ "file_1"]}');
    while (message.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const texts = ['{"content":"x"}', '{"content":"x","attachments":[]}', '{"content":"\\"attachments\\":[\\"x"}'];
    const got = await Promise.all(texts.map((text) => post(gateway, 'usr_2', text)));
    expect(got.map(({ status }) => status)).to.deep.equal([201, 201, 201]);
    free();
    expect((await withFile).status).to.equal(201);
  });

  it('posts whose body does not arrive get 408', async () => {
    const { message, gateway } = await open(created);
    const start = `POST /messages HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tokenOf('usr_1')}\r\nContent-Type: application/json\r\n`;
    expect(await sendRaw(gateway, `${start}Content-Length: 9\r\n\r\n{`, 9000))
      .to.match(/^HTTP\/1.1 408/)
      .and.include('VALIDATION_ERROR');
    expect(message.calls).to.deep.equal([]);
  }).timeout(15_000);

  it('pages are requested for the caller with the query as written, and answered unchanged', async () => {
    const { message, gateway } = await open(created, { RATE_LIMIT_REQUESTS: '1000' });
    const get = (path: string, more: RequestOptions = {}): Promise<TestResponse> =>
      ask(gateway, path, { headers: { ...bearer('usr_1'), 'x-request-id': 'mine-1234' }, ...more });
    const query = 'chat_id=a%20b&limit=5&x=é'.replace('é', '%C3%A9');
    const { status, text, headers } = await get(`/messages/?${query}`);
    const asked = { user_id: 'usr_1', role: 'user', request_id: 'mine-1234', query };
    expect([status, JSON.parse(text)]).to.deep.equal([200, asked]);
    expect(headers).to.include({
      'content-type': 'application/json; charset=utf-8',
      'x-of': 'message',
      'x-request-id': 'mine-1234',
      'x-ratelimit-limit': '1000',
    });
    expect((await get('/messages?chat_id=none')).status).to.equal(404);
    expect((await get('/messages')).json.query).to.equal('');
    expect(message.pages).to.have.length(3);
    expect((await get('/messages', { headers: {} })).status).to.equal(401);
    expect(gateway.seen).to.deep.equal([]);
    expect((await get('/messages', { method: 'HEAD' })).status).to.equal(200);
    const body = { headers: { ...bearer('usr_1'), ...JSON_TYPE, 'content-length': '2' }, body: '{}' };
    expect((await get('/messages', body)).status).to.equal(200);
    expect(gateway.seen.map(({ method }) => method)).to.deep.equal(['HEAD', 'GET']);
  });

  it('pages are requested once more after a failure', async () => {
    const { message, gateway } = await open(created);
    expect((await ask(gateway, '/messages?dies', { headers: bearer('usr_1') })).status).to.equal(200);
    expect(message.pages).to.have.length(2);
  });

  it('a call that an instance of another version does not know gets 503, not 404', async () => {
    const { message, gateway } = await open(() => {
      throw notFound('Route');
    });
    const page = await ask(gateway, '/messages?strange', { headers: bearer('usr_1') });
    expect([page.status, (await post(gateway, 'usr_1', '{}')).status]).to.deep.equal([503, 503]);
    expect([message.pages.length, message.calls.length]).to.deep.equal([2, 1]);
  });

  it('pages get 503 when the message service is down', async () => {
    const { gateway } = await open(created, { MESSAGE_INTERNAL_URL: DEAD_URL });
    const { status, json } = await ask(gateway, '/messages', { headers: bearer('usr_1') });
    expect([status, json.code]).to.deep.equal([503, 'SERVICE_UNAVAILABLE']);
  });
});
