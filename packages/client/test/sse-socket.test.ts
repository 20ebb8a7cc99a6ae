// The socket over events and REST against a server of this file: a stream of text, and answers.
import { expect } from 'chai';
import type { Frame } from '../src/machine.ts';
import { Rest } from '../src/rest.ts';
import { SseSocket } from '../src/sse-socket.ts';
import { until } from './fake-server.ts';

interface Asked {
  method: string;
  path: string;
  token: string | null;
  /** `Last-Event-ID`. */
  after: string | null;
  body: any;
}

type Answer = [number, unknown?];
type Say = (asked: Asked) => Answer | Promise<Answer>;

/** A server whose streams the test writes. */
class Server {
  readonly asked: Asked[] = [];
  readonly streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  say: Say = () => [200, {}];
  status = 200;
  #id = 0;

  readonly fetch = (async (url: unknown, init: RequestInit = {}): Promise<Response> => {
    const { pathname, search } = new URL(String(url));
    const headers = new Headers(init.headers);
    const asked = {
      method: init.method ?? 'GET',
      path: pathname + search,
      token: headers.get('authorization'),
      after: headers.get('last-event-id'),
      body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
    };
    this.asked.push(asked);
    if (pathname !== '/events') {
      const [status, body] = await this.say(asked);
      return Response.json(body, { status, headers: { 'x-request-id': 'req_1' } });
    }
    if (this.status !== 200) return Response.json({}, { status: this.status });
    const stream = new ReadableStream<Uint8Array>({ start: (controller) => void this.streams.push(controller) });
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } });
  }) as typeof fetch;

  write(text: string, nth = 0): void {
    this.streams[nth]?.enqueue(new TextEncoder().encode(text));
  }
  event(name: string, data: object, nth = 0): void {
    this.write(`id: ${++this.#id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`, nth);
  }
}

const HELLO = { type: 'hello', user_id: 'usr_me', token_expires_at: '2030-01-01T00:00:00.000Z' };
const message = (seq: number, client_id?: string) => ({
  type: 'message',
  id: `msg_${seq}`,
  chat_id: 'room',
  seq,
  client_id,
  created_at: '2026-01-01T00:00:00.000Z',
});
const refusal = (code: string) => ({
  error: true,
  message: 'no',
  code,
  details: {},
  timestamp: '2026-01-01T00:00:00.000Z',
  request_id: 'req_1',
});

describe('a socket over events and REST', () => {
  let server: Server;
  let socket: SseSocket;
  let frames: Frame[];
  const types = (): unknown[] => frames.map(({ type }) => type);
  const send = (frame: object): void => socket.send(JSON.stringify(frame));

  async function open(token = 'one'): Promise<void> {
    const rest = new Rest({ baseUrl: 'http://nowhere/', fetch: server.fetch, token, retries: 0 });
    socket = new SseSocket(rest, token, (frame) => void frames.push(frame));
    await until(() => server.streams.length === 1);
    server.event('hello', HELLO);
    await until(() => frames.length === 1);
  }

  beforeEach(() => {
    server = new Server();
    frames = [];
  });
  afterEach(() => socket.drop('the test is over'));

  it('delivers frames in whatever parts they arrive, and nothing of the stream itself', async () => {
    await open();
    server.event('live', { server_time: 'x' });
    const text = `: hello\r\nevent: message\r\ndata: ${JSON.stringify(message(1))}\r\n\r\nevent: ty`;
    for (const part of text.match(/.{1,7}/gs) ?? []) server.write(part);
    server.write('ping\ndata: {"type":"typing"}\n\n');
    await until(() => frames.length === 3);
    expect(types()).to.deep.equal(['hello', 'message', 'typing']);
    server.event('close', { code: 4403, message: 'banned' });
    expect(await socket.lost).to.deep.equal({ code: 4403, reason: 'banned', opened: true });
  });

  it('posts one message after the other; the ack comes before the frame, and once', async () => {
    await open();
    let seq = 0;
    server.say = ({ body }) => {
      seq++;
      if (seq === 1) server.event('message', message(1, body.client_id));
      return [201, message(seq, body.client_id)];
    };
    for (const client_id of ['a', 'b', 'c']) send({ client_id, message: client_id, recipient_id: 'usr_x' });
    await until(() => frames.length === 5);
    expect(frames.filter(({ type }) => type === 'ack').map(({ client_id }) => client_id)).to.deep.equal([
      'a',
      'b',
      'c',
    ]);
    expect(types().indexOf('message')).to.be.greaterThan(types().indexOf('ack'));
    const posts = server.asked.filter(({ method }) => method === 'POST');
    expect(posts.map(({ body }) => body)).to.deep.equal(
      ['a', 'b', 'c'].map((content) => ({ client_id: content, content, recipient_id: 'usr_x' })),
    );
    send({ client_id: 'd', message: 'd' });
    await until(() => server.asked.at(-1)?.body?.chat_id === 'general');
  });

  it('refuses what waits behind a message that may be sent later, so that none overtakes', async () => {
    await open();
    server.say = () => [503, refusal('SERVICE_UNAVAILABLE')];
    for (const client_id of ['a', 'b', 'c']) send({ client_id, message: client_id, chat_id: 'room' });
    await until(() => frames.length === 4);
    expect(frames.slice(1).map(({ type, client_id }) => [type, client_id])).to.deep.equal(
      ['a', 'b', 'c'].map((id) => ['error', id]),
    );
    expect(server.asked.filter(({ method }) => method === 'POST')).to.have.length(1);
    server.say = ({ body }) => [201, message(1, body.client_id)];
    // Of another tab, which does not know of the refusal yet.
    send({ client_id: 'd', message: 'd', chat_id: 'room' });
    await until(() => frames.length === 5);
    expect(types().at(-1)).to.equal('error');
    await new Promise((resolve) => setTimeout(resolve, 600));
    for (const client_id of ['a', 'd']) send({ client_id, message: client_id, chat_id: 'room' });
    await until(() => types().filter((type) => type === 'ack').length === 2);
    const posted = server.asked.filter(({ method }) => method === 'POST').map(({ body }) => body?.client_id);
    expect(posted).to.deep.equal(['a', 'a', 'd']);
  });

  it('says typing one by one, only the last of a room, and goes on when it is refused', async () => {
    await open();
    const gates: (() => void)[] = [];
    server.say = ({ path, body }) => {
      if (!path.endsWith('/typing')) return [201, message(1, body.client_id)];
      return new Promise((resolve) => gates.push(() => resolve([503, refusal('SERVICE_UNAVAILABLE')])));
    };
    const typed = () => server.asked.filter(({ path }) => path.endsWith('/typing'));
    send({ type: 'typing', chat_id: 'room' });
    await until(() => gates.length === 1);
    for (const stop of [true, undefined, true]) send({ type: 'typing', chat_id: 'room', stop });
    send({ type: 'typing', chat_id: 'a:b' });
    send({ client_id: 'a', message: 'a', chat_id: 'room' });
    await until(() => types().includes('ack'));
    expect(typed(), 'a message does not wait for it').to.have.length(1);
    gates[0]?.();
    await until(() => gates.length === 2);
    gates[1]?.();
    await until(() => gates.length === 3);
    gates[2]?.();
    expect(typed().map(({ method, path, body }) => [method, path, body])).to.deep.equal([
      ['POST', '/rooms/room/typing', {}],
      ['POST', '/rooms/room/typing', { stop: true }],
      ['POST', '/rooms/a%3Ab/typing', {}],
    ]);
    server.say = () => {
      throw new Error('no network');
    };
    send({ type: 'typing', chat_id: 'room' });
    await until(() => typed().length === 4);
    server.event('message', message(2));
    await until(() => types().at(-1) === 'message');
    expect(types(), 'nothing else is told').to.deep.equal(['hello', 'ack', 'message']);
  });

  it('replays a room by REST; live frames wait until it is done', async () => {
    await open();
    server.say = ({ path }) => {
      if (!path.includes('after_seq=3'))
        return [200, { events: [message(5)], last_seq: 5, has_more: false, complete: true }];
      for (const seq of [5, 6]) server.event('message', message(seq));
      return [200, { events: [message(4)], last_seq: 5, has_more: true, complete: true }];
    };
    send({ type: 'resume', rooms: { room: 3 } });
    await until(() => types().includes('resumed'));
    await until(() => frames.length === 5);
    expect(frames.flatMap(({ seq }) => seq ?? [])).to.deep.equal([4, 5, 6]);
    expect(frames.find(({ type }) => type === 'resumed')?.rooms).to.deep.equal({
      room: { from: 3, to: 5, complete: true },
    });
  });

  it('tells that a room cannot be replayed', async () => {
    await open();
    server.say = ({ path }) =>
      path.startsWith('/rooms/gone/')
        ? [404, refusal('RESOURCE_NOT_FOUND')]
        : [200, { events: [], last_seq: 90, has_more: false, complete: false }];
    send({ type: 'resume', rooms: { gone: 3, old: 4 } });
    await until(() => types().includes('resumed'));
    expect(frames.at(-1)?.rooms).to.deep.equal({
      gone: { from: 3, to: 3, complete: false },
      old: { from: 4, to: 90, complete: false },
    });
  });

  it('continues on a second stream with a new token, and answers pings while it hears something', async () => {
    await open();
    server.event('live', {});
    server.event('typing', { type: 'typing' });
    await until(() => frames.length === 2);
    frames.pop();
    send({ type: 'auth', token: 'two' });
    await until(() => server.streams.length === 2);
    expect(server.asked.at(-1), 'after the last event').to.include({ token: 'Bearer two', after: '3' });
    server.event('hello', { ...HELLO, token_expires_at: '2031-01-01T00:00:00.000Z' }, 1);
    await until(() => frames.length === 2);
    expect(frames.at(-1)).to.deep.equal({ type: 'authenticated', token_expires_at: '2031-01-01T00:00:00.000Z' });
    server.event('message', message(1), 1);
    send({ type: 'ping' });
    await until(() => frames.length === 4);
    expect(types()).to.have.members(['hello', 'authenticated', 'message', 'pong']);
  });

  it('replays a busy room within its memory, and loses nothing', async () => {
    const many = 3000;
    await open();
    let pages = 0;
    server.say = async ({ path }) => {
      const after = Number(/after_seq=(\d+)/.exec(path)?.[1]);
      if (++pages === 1) {
        for (let seq = 1; seq <= many; seq++) server.event('message', message(seq));
        await until(() => server.streams[0]?.desiredSize === 1);
        return [200, { events: [], last_seq: 0, has_more: false, complete: true }];
      }
      const last = Math.min(many, after + 500);
      const events = Array.from({ length: last - after }, (_, n) => message(after + 1 + n));
      return [200, { events, last_seq: many, has_more: last < many, complete: true }];
    };
    send({ type: 'resume', rooms: { room: 0 } });
    await until(() => types().includes('resumed'));
    expect(frames.flatMap(({ seq }) => seq ?? [])).to.deep.equal(Array.from({ length: many }, (_, n) => n + 1));
    expect(frames.at(-1)?.rooms).to.deep.equal({ room: { from: 0, to: many, complete: true } });
    expect(pages, 'again from the log').to.equal(1 + many / 500);
  });

  it('is lost when an event has no end, or the log does not reach back', async () => {
    await open();
    for (let n = 0; n < 20; n++) server.write(`data: ${'x'.repeat(65_536)}`);
    expect((await socket.lost).reason).to.include('an event is too long');
    server = new Server();
    frames = [];
    await open();
    server.event('resync', { rooms: { room: { from: 0, to: 3 } } });
    expect((await socket.lost).reason).to.include('does not reach back');
  });

  it('is lost when the stream ends, a post has no answer or the stream is refused', async () => {
    await open();
    server.streams[0]?.close();
    expect(await socket.lost).to.include({ code: 1006, opened: true });
    server = new Server();
    frames = [];
    await open();
    server.say = () => {
      throw new Error('no network');
    };
    send({ client_id: 'a', message: 'a', chat_id: 'room' });
    expect((await socket.lost).reason).to.include('no network');
    server.status = 401;
    socket = new SseSocket(new Rest({ baseUrl: 'http://nowhere/', fetch: server.fetch }), 'old', () => undefined);
    expect(await socket.lost).to.include({ code: 4401, opened: false });
  });
});
