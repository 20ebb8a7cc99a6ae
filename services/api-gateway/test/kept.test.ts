import { gzipSync } from 'node:zlib';
import { Enclosed, identityKey, notFound, openCallDoor, openLog } from '@chatapi/kit';
import { expect } from 'chai';
import {
  type Ask,
  ask,
  bearer,
  DEAD_URL,
  type Got,
  raw,
  SECRET,
  serve,
  startWorld,
  tokenOf,
  type World,
} from './world.ts';

type Answer = { status: number; headers: Record<string, string>; body: string };
type Posts = { node: string; posts: { sender_id: string; request_id: string; key?: string; body: string }[] };
type Page = { user_id: string; request_id: string; query: string };

/** Message's second listener: a call at a time is asked of `answer`; a page is what it was asked for. */
async function startMessage(answer: (posts: Posts) => Answer[] | Promise<Answer[]>) {
  const calls: Posts[] = [];
  const pages: Page[] = [];
  const { url, server, stop } = await serve((_req, res) => void res.writeHead(404).end());
  const door = openCallDoor(server, identityKey(`inner ${SECRET}`), openLog('m', 'm', 'silent'), async (what, body) => {
    if (what === 'POST /internal/page') {
      pages.push(body as Page);
      if ((body as Page).query.includes('dies') && pages.length === 1) throw new Error('this one, now');
      if ((body as Page).query.includes('strange')) throw notFound('Route');
      const status = (body as Page).query.includes('none') ? 404 : 200;
      return new Enclosed({ status, headers: { 'X-Of': 'message' } }, JSON.stringify(body));
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
      door.close(0);
      await stop();
    },
  };
}

const created = ({ posts }: Posts): Answer[] =>
  posts.map(({ body }) => ({ status: 201, headers: {}, body: `{"of":${body}}` }));
const JSON_TYPE = { 'content-type': 'application/json' };
const post = (world: World, user: string, body: string | Buffer, headers: Ask['headers'] = JSON_TYPE): Promise<Got> =>
  ask(world, '/messages/', { method: 'POST', headers: { ...bearer(user), ...headers }, body });

describe('what goes to message over the kept connection', () => {
  const stops: (() => Promise<void>)[] = [];
  async function open(answer: Parameters<typeof startMessage>[0], env: Record<string, string> = {}) {
    const message = await startMessage(answer);
    const world = await startWorld({ env: { MESSAGE_INTERNAL_URL: message.url, ...env } });
    stops.push(world.stop, message.stop);
    return { message, world };
  }
  after(async () => {
    for (const stop of stops) await stop();
  });

  it('posts travel together when they come at once, each with its body as it came and its own answer', async () => {
    const { message, world } = await open(created);
    const bodies = Array.from({ length: 60 }, (_, i) => `{"chat_id" : "r", "content":"é ${i} \\u0000"}`);
    const got = await Promise.all(
      bodies.map((body, i) => post(world, `usr_${i}`, body, { ...JSON_TYPE, 'x-request-id': `mine-${i}-1234` })),
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
    expect(world.seen).to.deep.equal([]);
  });

  it('posts are passed on as they come when they are not plain, to be judged by the service', async () => {
    const { message, world } = await open(created);
    const body = '{"content":"x"}';
    const strange: [string | Buffer, Record<string, string>][] = [
      [gzipSync(body), { ...JSON_TYPE, 'content-encoding': 'gzip' }],
      [body, { 'content-type': 'application/json; charset=utf-16' }],
      [body, { 'content-type': 'text/plain' }],
      [body, {}],
      [body, { ...JSON_TYPE, 'transfer-encoding': 'chunked' }],
      [body, { ...JSON_TYPE, expect: '100-continue' }],
    ];
    for (const [one, headers] of strange) expect((await post(world, 'usr_1', one, headers)).status).to.equal(200);
    expect(world.seen).to.have.length(strange.length);
    expect(message.calls).to.deep.equal([]);
    expect((await post(world, 'usr_1', body, { 'content-type': 'application/json;charset=UTF-8' })).status).to.equal(
      201,
    );
  });

  it('posts bear their key, and get the service’s own errors with their headers', async () => {
    const { message, world } = await open(() => [
      { status: 429, headers: { 'Retry-After': '7' }, body: '{"error":true,"code":"RATE_LIMIT_EXCEEDED"}' },
    ]);
    const { status, json, headers } = await post(world, 'usr_1', '{', { ...JSON_TYPE, 'idempotency-key': 'k1' });
    expect([status, json.code, headers['retry-after']]).to.deep.equal([429, 'RATE_LIMIT_EXCEEDED', '7']);
    expect(message.calls[0]?.posts[0]).to.include({ key: 'k1', body: '{' });
  });

  it('posts go to the next instance when one is down; 503 when none is left', async () => {
    const { url, calls, stop } = await startMessage(created);
    stops.push(stop);
    const { world } = await open(created, { MESSAGE_INTERNAL_URL: `${DEAD_URL},${url}` });
    for (let i = 0; i < 6; i++) expect((await post(world, 'usr_1', '{}')).status).to.equal(201);
    expect(calls).to.have.length(6);
    const { world: alone } = await open(created, { MESSAGE_INTERNAL_URL: DEAD_URL });
    const { status, json, headers } = await post(alone, 'usr_1', '{}');
    expect([status, json.code]).to.deep.equal([503, 'SERVICE_UNAVAILABLE']);
    expect(headers).to.include.keys('retry-after', 'x-request-id');
    expect(await alone.ctx.metrics.metrics()).to.include('upstream_errors_total{service="message",reason="refused"');
  });

  it('posts are sent once: what breaks off is answered 503, and the next one is served', async () => {
    let answers = false;
    const { message, world } = await open((posts) => {
      if (answers) return created(posts);
      answers = true;
      return [];
    });
    expect((await post(world, 'usr_1', '{}')).status).to.equal(503);
    expect(message.calls).to.have.length(1);
    expect((await post(world, 'usr_1', '{}')).status).to.equal(201);
    expect(await world.ctx.metrics.metrics()).to.include('upstream_errors_total{service="message",reason="broken"');
  });

  it('posts hear 503 within 3 s from a service that hangs, whoever waited behind another’s included', async () => {
    const { world } = await open(() => new Promise(() => undefined));
    const begun = performance.now();
    const first = post(world, 'usr_1', '{}');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const [one, two] = await Promise.all([first, post(world, 'usr_2', '{}')]);
    expect([one.status, two.status]).to.deep.equal([503, 503]);
    expect(performance.now() - begun).to.be.below(3500);
  }).timeout(6000);

  it('posts that name files hold up no text while they wait for the file service', async () => {
    let free: () => void = () => undefined;
    const freed = new Promise<void>((resolve) => {
      free = resolve;
    });
    const { message, world } = await open(async (posts) => {
      if (posts.posts.some(({ body }) => body.includes('file_1'))) await freed;
      return created(posts);
    });
    const withFile = post(world, 'usr_1', '{"chat_id":"r","attachments" : [ "file_1"]}');
    while (message.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const texts = ['{"content":"x"}', '{"content":"x","attachments":[]}', '{"content":"\\"attachments\\":[\\"x"}'];
    const got = await Promise.all(texts.map((text) => post(world, 'usr_2', text)));
    expect(got.map(({ status }) => status)).to.deep.equal([201, 201, 201]);
    free();
    expect((await withFile).status).to.equal(201);
  });

  it('posts are given up when their body does not arrive', async () => {
    const { message, world } = await open(created);
    const start = `POST /messages HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tokenOf('usr_1')}\r\nContent-Type: application/json\r\n`;
    expect(await raw(world, `${start}Content-Length: 9\r\n\r\n{`, 9000))
      .to.match(/^HTTP\/1.1 408/)
      .and.include('VALIDATION_ERROR');
    expect(message.calls).to.deep.equal([]);
  }).timeout(15_000);

  it('pages are asked for as the caller and with the query as written, and answered as message has it', async () => {
    const { message, world } = await open(created, { RATE_LIMIT_REQUESTS: '1000' });
    const get = (path: string, more: Ask = {}): Promise<Got> =>
      ask(world, path, { headers: { ...bearer('usr_1'), 'x-request-id': 'mine-1234' }, ...more });
    const query = 'chat_id=a%20b&limit=5&x=é'.replace('é', '%C3%A9');
    const { status, text, headers } = await get(`/messages/?${query}`);
    const asked = { user_id: 'usr_1', request_id: 'mine-1234', query };
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
    expect(world.seen).to.deep.equal([]);
    expect((await get('/messages', { method: 'HEAD' })).status).to.equal(200);
    const body = { headers: { ...bearer('usr_1'), ...JSON_TYPE, 'content-length': '2' }, body: '{}' };
    expect((await get('/messages', body)).status).to.equal(200);
    expect(world.seen.map(({ method }) => method)).to.deep.equal(['HEAD', 'GET']);
  });

  it('pages are asked for again, once, since they only read', async () => {
    const { message, world } = await open(created);
    expect((await ask(world, '/messages?dies', { headers: bearer('usr_1') })).status).to.equal(200);
    expect(message.pages).to.have.length(2);
  });

  it('what an instance of another version does not know is told as SERVICE_UNAVAILABLE, never as if the client were wrong', async () => {
    const { message, world } = await open(() => {
      throw notFound('Route');
    });
    const page = await ask(world, '/messages?strange', { headers: bearer('usr_1') });
    expect([page.status, (await post(world, 'usr_1', '{}')).status]).to.deep.equal([503, 503]);
    expect([message.pages.length, message.calls.length]).to.deep.equal([2, 1]);
  });

  it('pages hear 503 when message is down', async () => {
    const { world } = await open(created, { MESSAGE_INTERNAL_URL: DEAD_URL });
    const { status, json } = await ask(world, '/messages', { headers: bearer('usr_1') });
    expect([status, json.code]).to.deep.equal([503, 'SERVICE_UNAVAILABLE']);
  });
});
