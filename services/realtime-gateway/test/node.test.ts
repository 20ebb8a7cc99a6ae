import { publishRevocations, REVOCATIONS_CHANNEL } from '@chatapi/bus';
import { expect } from 'chai';
import { until, upTo } from './parts.ts';
import { openStage, type Refusal, type Stage, type TestNode } from './stage.ts';

describe('a realtime node', () => {
  let stage: Stage;
  let one: TestNode;
  let two: TestNode;
  let n = 0;
  const someone = (): string => `usr_${process.pid}_${++n}`;
  const roomOf = (members: string[], kind: 'public' | 'private' | 'direct' = 'public'): string => {
    const id = `room_${process.pid}_${++n}`;
    stage.inner.rooms.set(id, { kind, members, events: [] });
    return id;
  };
  const refused = (connecting: Promise<unknown>): Promise<Refusal> =>
    connecting.then(
      () => expect.fail('it was let in'),
      (refusal: Refusal) => refusal,
    );

  before(async () => {
    stage = await openStage();
    one = await stage.node();
    two = await stage.node({ INSTANCE: 'realtime-two' });
  });
  after(() => stage.close());

  describe('at the door', () => {
    it('takes the token from the header, the query or the subprotocol, for the user or `me`', async () => {
      const user = someone();
      const token = stage.token(user);
      const clients = [
        await stage.connect(one, user),
        await stage.connect(one, user, { path: `/ws/${user}/?token=${token}`, token: '' }),
        await stage.connect(one, user, { path: '/ws/me', protocols: ['bearer', token] }),
      ];
      expect(clients[2]?.ws.protocol).to.equal('bearer');
      for (const { got } of clients)
        expect(got[0]).to.include({ type: 'hello', user_id: user, node: 'realtime-test', heartbeat_ms: 25_000 });
    });

    it('refuses with the error object: no token, a bad one, another user, a foreign page, another path', async () => {
      const user = someone();
      const status = async (...args: Parameters<Stage['connect']>): Promise<unknown[]> => {
        const { status, body } = await refused(stage.connect(...args));
        expect(body).to.include.keys('error', 'message', 'details', 'timestamp', 'request_id');
        return [status, body.code];
      };
      expect(await status(one, user, { token: '' })).to.deep.equal([401, 'AUTHENTICATION_ERROR']);
      expect(await status(one, user, { token: 'x.y.z' })).to.deep.equal([401, 'AUTHENTICATION_ERROR']);
      expect(await status(one, user, { path: '/ws/usr_other' })).to.deep.equal([403, 'AUTHORIZATION_ERROR']);
      expect(await status(one, user, { headers: { origin: 'https://evil.example' } })).to.deep.equal([
        403,
        'AUTHORIZATION_ERROR',
      ]);
      expect(await status(one, user, { path: '/elsewhere' })).to.deep.equal([400, 'VALIDATION_ERROR']);
    });

    it('lets pages of allowed origins and of the server itself in', async () => {
      const user = someone();
      await stage.connect(one, user, { headers: { origin: 'http://localhost:3000' } });
      await stage.connect(one, user, { headers: { origin: one.url.replace('ws:', 'http:') } });
    });

    it('answers plain requests: 426 where a socket would do, else 404', async () => {
      const base = one.url.replace('ws:', 'http:');
      const socket = await fetch(`${base}/ws/me`);
      expect([socket.status, socket.headers.get('upgrade')]).to.deep.equal([426, 'websocket']);
      expect((await fetch(`${base}/rooms`)).status).to.equal(404);
      const h2c = await fetch(`${base}/rooms`, { headers: { upgrade: 'h2c' } }).catch(() => ({ status: 404 }));
      expect(h2c.status).to.equal(404);
    });
  });

  describe('frames', () => {
    it('bad ones get an error each; ten in a row close', async () => {
      const c = await stage.connect(one, someone());
      for (const text of ['nonsense', '[]', '{"type":"unheard"}', '{"message":5}', '{"message":"x","surprise":1}'])
        c.ws.send(text);
      c.ws.send(Buffer.from('{"message":"x"}'), { binary: true });
      c.send({ type: 'ping' });
      await c.frame('pong');
      expect(c.got.filter(({ type, code }) => type === 'error' && code === 'VALIDATION_ERROR')).to.have.length(6);
      for (let i = 0; i < 10; i++) c.ws.send('nonsense');
      expect(await c.closed()).to.equal(1008);
    });

    it('one over 64 KiB closes with 1009', async () => {
      const c = await stage.connect(one, someone());
      c.send({ message: 'x'.repeat(65 * 1024) });
      expect(await c.closed()).to.equal(1009);
    });

    it('typing reaches the others of the room, on other nodes too, not the typist', async () => {
      const [ann, bob] = [someone(), someone()];
      const room = roomOf([ann, bob]);
      const [a, a2, b] = [await stage.connect(one, ann), await stage.connect(two, ann), await stage.connect(two, bob)];
      a.send({ type: 'typing', chat_id: room });
      a.send({ type: 'typing', chat_id: room });
      expect(await b.frame('typing')).to.include({ chat_id: room, user_id: ann });
      a.send({ type: 'typing', chat_id: 'elsewhere' });
      expect((await a.frame('error')).code).to.equal('RESOURCE_NOT_FOUND');
      expect([...a.got, ...a2.got].some(({ type }) => type === 'typing')).to.equal(false);
      expect(b.got.filter(({ type }) => type === 'typing')).to.have.length(1);
    });

    it('read moves the position', async () => {
      const ann = someone();
      const room = roomOf([ann]);
      const c = await stage.connect(one, ann);
      c.send({ type: 'read', chat_id: room, seq: 7 });
      c.send({ type: 'read', chat_id: room, seq: 5 });
      await until(() => stage.inner.positions.some((p) => p.room_id === room && p.read_seq === 7));
      c.send({ type: 'read', chat_id: 'elsewhere', seq: 5 });
      await c.frame('error');
    });

    it('auth renews the token of the same user only', async () => {
      const user = someone();
      const c = await stage.connect(one, user, {
        token: stage.token(user, { exp: Math.floor(Date.now() / 1000) + 2 }),
      });
      c.send({ type: 'auth', token: stage.token(someone()) });
      expect((await c.frame('error')).code).to.equal('AUTHORIZATION_ERROR');
      c.send({ type: 'auth', token: stage.token(user) });
      const { token_expires_at } = await c.frame('authenticated');
      expect(Date.parse(token_expires_at)).to.be.above(Date.now() + 500_000);
    });

    it('resume replays what is missing, room by room, and says what it could not', async () => {
      const [ann, bob] = [someone(), someone()];
      const [mine, secret, open] = [roomOf([ann]), roomOf([bob], 'private'), roomOf([bob])];
      for (let i = 0; i < 230; i++) await stage.inner.append(mine, bob);
      await stage.inner.append(secret, bob);
      await stage.inner.append(open, bob);
      const c = await stage.connect(two, ann);
      c.send({ type: 'resume', rooms: { [mine]: 10, [secret]: 0, [open]: 0, unknown: 3 } });
      const { rooms } = await c.frame('resumed');
      expect(rooms).to.deep.equal({
        [mine]: { from: 10, to: 230, complete: true },
        [secret]: { from: 0, to: 0, complete: false },
        [open]: { from: 0, to: 1, complete: true },
        unknown: { from: 3, to: 0, complete: false },
      });
      expect(c.seqs(mine)).to.deep.equal(upTo(230, 11));
      expect(c.seqs(secret)).to.deep.equal([]);
      await stage.inner.append(mine, bob);
      await until(() => c.seqs(mine).length === 221);
      c.send({ type: 'resume', rooms: {} });
      await until(() => c.got.filter(({ type }) => type === 'resumed').length === 2);
    });
  });

  describe('members', () => {
    it('who joins gets the room from the joining on; who is removed gets nothing more', async () => {
      const [ann, bob] = [someone(), someone()];
      const room = roomOf([bob], 'private');
      for (let i = 0; i < 5; i++) await stage.inner.append(room, bob);
      const [a, b] = [await stage.connect(one, ann), await stage.connect(one, bob)];
      await stage.inner.member('joined', room, ann);
      await a.frame('room_joined');
      await stage.inner.append(room, bob);
      await until(() => a.seqs(room).length === 2 && b.seqs(room).length === 2);
      expect(a.seqs(room)).to.deep.equal([6, 7]);
      await stage.inner.member('left', room, ann);
      await a.frame('room_removed');
      await stage.inner.append(room, bob);
      await until(() => b.seqs(room).includes(9));
      expect(a.seqs(room).includes(9)).to.equal(false);
    });

    it('lost signals are found by comparing heads', async () => {
      const ann = someone();
      const room = roomOf([ann]);
      const c = await stage.connect(one, ann);
      stage.inner.silent = true;
      for (let i = 0; i < 5; i++) await stage.inner.append(room, 'usr_other');
      stage.inner.silent = false;
      await until(() => c.seqs(room).length === 5, 5000);
      expect(c.seqs(room)).to.deep.equal(upTo(5));
    });

    it('a Redis that forgot everything is told again', async () => {
      const ann = someone();
      const room = roomOf([ann]);
      const c = await stage.connect(one, ann);
      await stage.redis.flushdb();
      await stage.inner.append(room, 'usr_other');
      await until(() => c.seqs(room).length === 1, 8000);
    });
  });

  describe('sessions', () => {
    const revoke = (kind: 'session' | 'user' | 'ban', subject: string, signal: boolean): void => {
      const record = { seq: ++n, kind, subject, at: new Date(Date.now() + 50).toISOString() };
      stage.inner.revocations.push(record);
      if (signal) void publishRevocations(stage.redis, [record]);
    };

    it('that end close their sockets within a second, by signal or without', async () => {
      const [ann, bob, eve] = [someone(), someone(), someone()];
      const [a, b, e] = [await stage.connect(one, ann), await stage.connect(one, bob), await stage.connect(two, eve)];
      revoke('session', `ses_${ann}`, true);
      revoke('user', bob, false);
      revoke('ban', eve, false);
      expect([await a.closed(1000), await b.closed(1000), await e.closed(1000)]).to.deep.equal([4401, 4401, 4403]);
      expect((await refused(stage.connect(one, eve))).status).to.equal(403);
      await stage.redis.publish(REVOCATIONS_CHANNEL, 'not json');
    });

    it('the 21st connection of a user over all nodes closes the oldest', async () => {
      const ann = someone();
      const all = [];
      // The other node hears of it as the first connection there is one too many.
      for (let i = 0; i < 21; i++) all.push(await stage.connect(i < 11 ? one : two, ann));
      expect(await all[0]?.closed()).to.equal(4429);
      all[20]?.ws.close();
      await all[20]?.closed();
      await new Promise((resolve) => setTimeout(resolve, 50));
      await stage.connect(two, ann);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(all[1]?.code).to.equal(0);
    });
  });

  it('that stops refuses, sends everybody elsewhere with 1012 and leaves the map', async () => {
    const going = await stage.node({ INSTANCE: 'going' });
    const clients = [await stage.connect(going, someone()), await stage.connect(going, someone())];
    const started = Date.now();
    await going.stop();
    expect(Date.now() - started).to.be.below(3000);
    for (const c of clients) expect(await c.closed()).to.equal(1012);
    expect(await stage.redis.hexists('chatapi:node-stats', going.ctx.id)).to.equal(0);
  });
});
