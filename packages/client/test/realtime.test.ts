import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { localOutbox, type OutboxStore, type Realtime, type RealtimeOptions, type StoredSend } from '../src/index.ts';
import { answering, caught, clientOf, FakeSocket, until } from './fake-server.ts';
import { hello } from './model.ts';

const ackOf = (frame: any): object => ({
  type: 'ack',
  client_id: frame.client_id,
  message_id: 'msg_1',
  chat_id: 'r',
  seq: 1,
  created_at: '',
});

describe('a connection', () => {
  let opened: Realtime[] = [];
  const { fetch } = answering(({ path }) => (path === '/users/me' ? [200, { id: 'usr_me' }] : [200, { rooms: [] }]));

  const connect = (options: RealtimeOptions = {}, userId?: string, call = fetch): Realtime => {
    const client = clientOf({ fetch: call, token: 'token', retries: 0 });
    const realtime = client.websocket.connect(userId, { resume: false, maxDelayMs: 0, ...options });
    opened.push(realtime);
    return realtime;
  };
  const greet = async (count: number): Promise<FakeSocket> => {
    await until(() => FakeSocket.all.length === count);
    FakeSocket.last.open();
    FakeSocket.last.say(hello);
    return FakeSocket.last;
  };

  afterEach(async () => {
    await Promise.all(opened.map((realtime) => realtime.close()));
    opened = [];
    FakeSocket.all.length = 0;
  });

  it('sends the token in a subprotocol and reports its states', async () => {
    const realtime = connect();
    const states: string[] = [];
    realtime.on('state', ({ to }) => states.push(to));
    const socket = await greet(1);
    expect([socket.url, socket.protocols]).to.deep.equal(['ws://nowhere/ws/me', ['bearer', 'token']]);
    await realtime.ready(9000);
    socket.cut(1012, 'going away');
    await greet(2);
    await realtime.ready(9000);
    await realtime.close();
    await sleep(1);
    expect(states).to.deep.equal(['connecting', 'connected', 'waiting', 'connecting', 'connected', 'closed']);
  });

  it('closes permanently, with the reason, after a close code that forbids reconnecting', async () => {
    const realtime = connect({ autoReconnect: false });
    (await greet(1)).cut();
    await until(() => realtime.state === 'closed');
    expect((await caught(realtime.ready())).code).to.equal('NETWORK_ERROR');
    expect((await caught(realtime.send({ content: 'late' }))).code).to.equal('NETWORK_ERROR');
  });

  it('that is refused asks REST for the reason: a token of another user closes it', async () => {
    const realtime = connect({}, 'usr_other');
    await until(() => FakeSocket.all.length === 1);
    FakeSocket.last.cut();
    const error = await caught(realtime.ready(1000));
    expect(error).to.include({ code: 'AUTHORIZATION_ERROR', status: 403 });
  });

  it('that is refused asks REST with increasing delays', async () => {
    const { asked, fetch: counting } = answering(() => [200, { id: 'usr_me' }]);
    connect({}, undefined, counting);
    for (let i = 1; i <= 20; i++) {
      await until(() => FakeSocket.all.length === i);
      FakeSocket.last.cut();
    }
    await until(() => FakeSocket.all.length === 21);
    const paths = asked.map(({ path }) => path);
    expect(paths.filter((path) => path === '/users/me')).to.have.length(5);
    expect(
      paths.filter((path) => path === '/events'),
      'tries without WebSocket',
    ).to.have.length(2);
  });

  it('that is refused asks again after each refusal until REST has answered', async () => {
    const { asked, fetch: failing } = answering(() =>
      asked.length < 4 ? [503, { code: 'SERVICE_UNAVAILABLE', message: 'm', details: {} }] : [200, { id: 'usr_me' }],
    );
    connect({}, undefined, failing);
    for (let i = 1; i <= 5; i++) {
      await until(() => FakeSocket.all.length === i);
      FakeSocket.last.cut();
    }
    await until(() => FakeSocket.all.length === 6);
    expect(asked.filter(({ path }) => path === '/users/me')).to.have.length(5);
  });

  it('closes when its token expires without a new one, and continues with a new one', async () => {
    const ended = connect();
    (await greet(1)).cut(4401, 'expired');
    await until(() => ended.state === 'closed');
    expect((await caught(ended.ready())).code).to.equal('AUTHENTICATION_ERROR');
    const given = ['one', 'two'];
    const client = clientOf({ fetch, token: () => given.shift() as string });
    const going = client.websocket.connect(undefined, { resume: false, maxDelayMs: 0 });
    opened.push(going);
    (await greet(2)).cut(4401, 'expired');
    const next = await greet(3);
    expect(next.protocols).to.deep.equal(['bearer', 'two']);
  });

  it('that a proxy refuses is retried', async () => {
    const strangers: [number, string][] = [
      [403, '<html>blocked</html>'],
      [401, '<html>who are you?</html>'],
      [200, '<html>log in to this network</html>'],
    ];
    for (const [i, [status, page]] of strangers.entries()) {
      const realtime = connect({}, undefined, async () => new Response(page, { status }));
      await until(() => FakeSocket.all.length === 2 * i + 1);
      FakeSocket.last.cut();
      await until(() => FakeSocket.all.length === 2 * i + 2);
      expect(realtime.state).to.equal('connecting');
      await realtime.close();
    }
  });

  it('reconnects after an unreadable frame', async () => {
    const realtime = connect();
    for (const [i, said] of ['no JSON', '{"type":"resumed","rooms":{"r":null}}'].entries()) {
      (await greet(i + 1)).onmessage?.({ data: said });
      await until(() => FakeSocket.all.length === i + 2);
    }
    await greet(3);
    await realtime.ready(9000);
  });

  it('does not continue as another user', async () => {
    const realtime = connect();
    (await greet(1)).cut();
    const sending = caught(realtime.send({ content: 'mine' }));
    await until(() => FakeSocket.all.length === 2);
    FakeSocket.last.open();
    FakeSocket.last.say({ ...hello, user_id: 'usr_other' });
    expect((await sending).code).to.equal('AUTHORIZATION_ERROR');
    expect(realtime.state).to.equal('closed');
    expect(FakeSocket.last.sent).to.deep.equal([]);
    expect(FakeSocket.last.readyState, 'closing').to.equal(2);
  });

  it('resolves all sends of the same message, though one is aborted', async () => {
    const realtime = connect();
    const same = { content: 'm', client_id: 'c' };
    const stop = new AbortController();
    const sends = [{}, { signal: stop.signal }, {}].map((options) => realtime.send(same, options));
    const givenUp = caught(sends[1] as Promise<unknown>);
    stop.abort();
    expect((await givenUp).code).to.equal('ABORTED');
    expect((await caught(realtime.send({ ...same, content: 'another' }))).code).to.equal('CONFLICT');
    const socket = await greet(1);
    await until(() => socket.sent.length > 0);
    socket.say(ackOf(socket.sent[0]));
    for (const send of [sends[0], sends[2]]) expect((await send)?.id).to.equal('msg_1');
    expect(socket.sent).to.have.length(1);
  });

  it('sends in order through cuts, and resolves with the seq', async () => {
    const realtime = connect();
    const sends = ['a', 'b'].map((content) => realtime.send({ chat_id: 'r', content, client_id: content }));
    const first = await greet(1);
    expect(first.sent.map(({ message }) => message)).to.deep.equal(['a', 'b']);
    first.cut();
    const second = await greet(2);
    expect(second.sent.map(({ client_id }) => client_id)).to.deep.equal(['a', 'b']);
    for (const frame of second.sent) second.say(ackOf(frame));
    const [one] = await Promise.all(sends);
    expect(one).to.include({ id: 'msg_1', seq: 1, content: 'a', sender_id: 'usr_me', client_id: 'a' });
  });

  it('does not send aborted messages later', async () => {
    const realtime = connect();
    const late = await caught(realtime.send({ content: 'm' }, { timeoutMs: 5 }));
    const stop = new AbortController();
    const aborted = caught(realtime.send({ content: 'm' }, { signal: stop.signal }));
    stop.abort();
    expect([late.code, (await aborted).code]).to.deep.equal(['NETWORK_ERROR', 'ABORTED']);
    expect((await caught(realtime.send({ content: 'm' }, { signal: stop.signal }))).code).to.equal('ABORTED');
    const socket = await greet(1);
    await realtime.ready(9000);
    expect(socket.sent).to.deep.equal([]);
  });

  it('rejects at once what the server would refuse', async () => {
    const realtime = connect();
    for (const input of [{ content: 'x'.repeat(70_000) }, { content: 'x', client_id: '' }])
      expect((await caught(realtime.send(input))).code).to.equal('VALIDATION_ERROR');
  });

  it('rejects pending calls when it is closed', async () => {
    const realtime = connect();
    const waiting = [realtime.send({ content: 'm' }), realtime.once('message'), realtime.ready()].map(caught);
    await realtime.close();
    expect((await Promise.all(waiting)).map(({ code }) => code)).to.deep.equal(Array(3).fill('CLIENT_CLOSED'));
  });

  describe('with an outbox store', () => {
    let kept: StoredSend[];
    const outbox: OutboxStore = {
      load: () => kept,
      put: async (send) => {
        kept = [...kept, send];
      },
      remove: (clientId) => {
        kept = kept.filter(({ client_id }) => client_id !== clientId);
      },
    };
    beforeEach(() => {
      kept = [];
    });

    it('sends stored messages at the next start, before new ones and only as their user', async () => {
      const before = connect({ outbox }, 'usr_me');
      const lost = ['a', 'b'].map((client_id) => caught(before.send({ content: client_id, client_id })));
      await until(() => kept.length === 2 && FakeSocket.all.length === 1);
      await before.close();
      await Promise.all(lost);
      kept.push({ client_id: 'x', user_id: 'usr_other', frame: '{}' });
      const after = connect({ outbox });
      const fresh = after.send({ content: 'c', client_id: 'c' });
      await until(() => kept.length === 4);
      const socket = await greet(2);
      await until(() => socket.sent.length === 3);
      expect(socket.sent.map(({ message }) => message)).to.deep.equal(['a', 'b', 'c']);
      for (const frame of socket.sent) socket.say(ackOf(frame));
      await fresh;
      await until(() => kept.length === 1);
      expect(kept[0]?.client_id).to.equal('x');
    });

    it('reports a refused stored message and removes it', async () => {
      kept = [{ client_id: 'old', frame: '{"client_id":"old","message":""}' }];
      const realtime = connect({ outbox });
      const told = realtime.once('error');
      const socket = await greet(1);
      const refusal = { type: 'error', code: 'VALIDATION_ERROR', message: 'empty' };
      socket.say({ ...refusal, client_id: 'old' });
      expect((await told).code).to.equal('VALIDATION_ERROR');
      const sending = caught(realtime.send({ content: '', client_id: 'new' }));
      await until(() => socket.sent.length === 2);
      socket.say({ ...refusal, client_id: 'new' });
      await sending;
      await until(() => kept.length === 0);
    });

    it('stores nothing that was rejected because the connection is closed', async () => {
      const realtime = connect({ outbox });
      await realtime.close();
      expect((await caught(realtime.send({ content: 'late' }))).code).to.equal('CLIENT_CLOSED');
      expect(kept).to.deep.equal([]);
    });

    it('in localStorage keeps the order though the calendar is set back, and ignores foreign entries', async () => {
      const values = new Map<string, string>();
      const localStorage = {
        getItem: (key: string) => values.get(key) ?? null,
        setItem: (key: string, value: string) => void values.set(key, value),
        removeItem: (key: string) => void values.delete(key),
        key: (at: number) => [...values.keys()][at] ?? null,
        get length() {
          return values.size;
        },
      };
      Object.defineProperty(globalThis, 'localStorage', { value: localStorage, configurable: true });
      const calendar = Date.now;
      try {
        for (const [i, client_id] of ['z', 'y', 'x'].entries()) {
          Date.now = () => calendar() - i * 1000;
          const life = localOutbox();
          await life.load();
          await life.put({ client_id, frame: '{}' });
        }
        values.set('chatapi.outbox.bad', 'no JSON');
        values.set('chatapi.outbox.none', 'null');
        expect((await localOutbox().load()).map(({ client_id }) => client_id)).to.deep.equal(['z', 'y', 'x']);
      } finally {
        Date.now = calendar;
        Reflect.deleteProperty(globalThis, 'localStorage');
      }
    });

    it('continues without a failing store', async () => {
      const broken = { ...outbox, put: () => Promise.reject(new Error('full')) };
      const realtime = connect({ outbox: broken });
      const sending = realtime.send({ content: 'a' });
      const socket = await greet(1);
      await until(() => socket.sent.length === 1);
      socket.say(ackOf(socket.sent[0]));
      expect((await sending).content).to.equal('a');
    });
  });
});
