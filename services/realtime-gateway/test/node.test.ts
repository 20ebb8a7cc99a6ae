import { setTimeout as sleep } from 'node:timers/promises';
import { presentNodes } from '@chatapi/bus';
import { collectSecurityLines } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { createHarness, type Harness, refused, type TestNode } from './harness.ts';
import { until, upTo } from './node-fixture.ts';

describe('a realtime node', () => {
  let harness: Harness;
  let one: TestNode;
  let two: TestNode;
  let n = 0;
  const someone = (): string => `usr_${process.pid}_${++n}`;
  const roomOf = (members: string[], kind: 'public' | 'private' | 'direct' = 'public'): string => {
    const id = `room_${process.pid}_${++n}`;
    harness.services.rooms.set(id, { kind, members, events: [] });
    return id;
  };

  before(async () => {
    harness = await createHarness();
    one = await harness.node();
    two = await harness.node({ INSTANCE: 'realtime-two' });
  });
  after(() => harness.close());

  describe('upgrade', () => {
    it('accepts the token in the header, the query or the subprotocol, for the user or `me`', async () => {
      const user = someone();
      const token = harness.token(user);
      const clients = [
        await harness.connect(one, user),
        await harness.connect(one, user, { path: `/ws/${user}/?token=${token}`, token: '' }),
        await harness.connect(one, user, { path: '/ws/me', protocols: ['bearer', token] }),
      ];
      expect(clients[2]?.ws.protocol).to.equal('bearer');
      for (const { got } of clients)
        expect(got[0]).to.include({ type: 'hello', user_id: user, node: 'realtime-test', heartbeat_ms: 25_000 });
    });

    it('has refused upgrades and forged tokens in the security log, with their request ids', async () => {
      const user = someone();
      const own = await harness.node({ INSTANCE: 'realtime-logged' });
      const lines = collectSecurityLines(own.ctx);
      const from = (id: string) => ({ 'x-request-id': id });
      const tries = [
        harness.connect(own, user, { path: '/ws/usr_other', headers: from('other-user') }),
        harness.connect(own, user, { headers: { origin: 'https://evil.example', ...from('foreign-origin') } }),
        harness.connect(own, user, { token: 'x.y.z', headers: from('forged-token') }),
        harness.connect(own, user, { token: '', headers: from('no-token') }),
        harness.connect(own, user, {
          token: harness.token(user, { iat: 1000, exp: 2000 }),
          headers: { 'x-chatapi-caller': 'x.y.z', ...from('forged-identity') },
        }),
      ];
      for (const attempt of tries) await refused(attempt);
      const found = lines.map(({ event, request_id, reason }) => `${event} ${reason ?? ''} ${request_id ?? ''}`);
      expect(found.sort()).to.deep.equal([
        'identity.refused  ',
        'token.forged  forged-token',
        'upgrade.refused origin foreign-origin',
        'upgrade.refused other_user other-user',
      ]);
      expect(lines.every(({ ip }) => String(ip).includes('127.0.0.1'))).to.equal(true);
    });

    it('refuses with the error object: no token, a bad one, another user, another origin, another path', async () => {
      const user = someone();
      const status = async (...args: Parameters<Harness['connect']>): Promise<unknown[]> => {
        const { status, body } = await refused(harness.connect(...args));
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

    it('accepts pages of allowed origins and of the server itself', async () => {
      const user = someone();
      for (const origin of ['http://localhost:3000', 'http://localhost:5173'])
        await harness.connect(one, user, { headers: { origin } });
      await harness.connect(one, user, { headers: { origin: one.url.replace('ws:', 'http:') } });
    });

    it('answers plain requests with 426 on the socket’s path, else with 404', async () => {
      const base = one.url.replace('ws:', 'http:');
      const socket = await fetch(`${base}/ws/me`);
      expect([socket.status, socket.headers.get('upgrade')]).to.deep.equal([426, 'websocket']);
      expect((await fetch(`${base}/rooms`)).status).to.equal(404);
      const h2c = await fetch(`${base}/rooms`, { headers: { upgrade: 'h2c' } }).catch(() => ({ status: 404 }));
      expect(h2c.status).to.equal(404);
    });
  });

  describe('frames', () => {
    it('bad ones are answered with errors; ten in a row close the connection', async () => {
      const c = await harness.connect(one, someone());
      for (const text of ['nonsense', '[]', '{"type":"unheard"}', '{"message":5}', '{"message":"x","surprise":1}'])
        c.ws.send(text);
      c.ws.send(Buffer.from('{"message":"x"}'), { binary: true });
      c.send({ type: 'ping' });
      await c.frame('pong');
      expect(c.got.filter(({ type, code }) => type === 'error' && code === 'VALIDATION_ERROR')).to.have.length(6);
      for (let i = 0; i < 10; i++) c.ws.send('nonsense');
      expect(await c.closed()).to.equal(1008);
    });

    it('one over 64 KiB closes the connection with 1009', async () => {
      const c = await harness.connect(one, someone());
      c.send({ message: 'x'.repeat(65 * 1024) });
      expect(await c.closed()).to.equal(1009);
    });

    it('typing reaches the other members on all nodes, but not the user who types', async () => {
      const [ann, bob] = [someone(), someone()];
      const room = roomOf([ann, bob]);
      const [a, a2, b] = [
        await harness.connect(one, ann),
        await harness.connect(two, ann),
        await harness.connect(two, bob),
      ];
      a.send({ type: 'typing', chat_id: room });
      a.send({ type: 'typing', chat_id: room });
      expect(await b.frame('typing')).to.include({ chat_id: room, user_id: ann, expires_in_ms: 6000 });
      a.send({ type: 'typing', chat_id: 'elsewhere' });
      expect((await a.frame('error')).code).to.equal('RESOURCE_NOT_FOUND');
      expect([...a.got, ...a2.got].some(({ type }) => type === 'typing')).to.equal(false);
      expect(b.got.filter(({ type }) => type === 'typing')).to.have.length(1);
    });

    it('read reports the position', async () => {
      const ann = someone();
      const room = roomOf([ann]);
      const c = await harness.connect(one, ann);
      c.send({ type: 'read', chat_id: room, seq: 7 });
      c.send({ type: 'read', chat_id: room, seq: 5 });
      await until(() => harness.services.positions.some((p) => p.room_id === room && p.read_seq === 7));
      c.send({ type: 'read', chat_id: 'elsewhere', seq: 5 });
      await c.frame('error');
    });

    it('auth renews the token of the same user only', async () => {
      const user = someone();
      const c = await harness.connect(one, user, {
        token: harness.token(user, { exp: Math.floor(Date.now() / 1000) + 2 }),
      });
      c.send({ type: 'auth', token: harness.token(someone()) });
      expect((await c.frame('error')).code).to.equal('AUTHORIZATION_ERROR');
      c.send({ type: 'auth', token: harness.token(user) });
      const { token_expires_at } = await c.frame('authenticated');
      expect(Date.parse(token_expires_at)).to.be.above(Date.now() + 500_000);
    });

    it('resume replays missing events by room, and reports rooms that it could not replay', async () => {
      const [ann, bob] = [someone(), someone()];
      const [mine, secret, open] = [roomOf([ann]), roomOf([bob], 'private'), roomOf([bob])];
      for (let i = 0; i < 230; i++) await harness.services.append(mine, bob);
      await harness.services.append(secret, bob);
      await harness.services.append(open, bob);
      const c = await harness.connect(two, ann);
      c.send({ type: 'resume', rooms: { [mine]: 10, [secret]: 0, [open]: 0, unknown: 3 } });
      const { rooms } = await c.frame('resumed');
      expect(rooms).to.deep.equal({
        [mine]: { from: 10, to: 230, complete: true, read_seq: 1, unread_count: 2, last_seq: 3 },
        [secret]: { from: 0, to: 0, complete: false },
        [open]: { from: 0, to: 1, complete: true },
        unknown: { from: 3, to: 0, complete: false },
      });
      expect(c.seqs(mine)).to.deep.equal(upTo(230, 11));
      expect(c.seqs(secret)).to.deep.equal([]);
      await harness.services.append(mine, bob);
      await until(() => c.seqs(mine).length === 221);
      c.send({ type: 'resume', rooms: {} });
      await until(() => c.got.filter(({ type }) => type === 'resumed').length === 2);
    });
  });

  describe('members', () => {
    it('a new member gets the events from the join on; a removed member gets none', async () => {
      const [ann, bob] = [someone(), someone()];
      const room = roomOf([bob], 'private');
      for (let i = 0; i < 5; i++) await harness.services.append(room, bob);
      const [a, b] = [await harness.connect(one, ann), await harness.connect(one, bob)];
      await harness.services.member('joined', room, ann);
      await a.frame('room_joined');
      await harness.services.append(room, bob);
      await until(() => a.seqs(room).length === 2 && b.seqs(room).length === 2);
      expect(a.seqs(room)).to.deep.equal([6, 7]);
      await harness.services.member('left', room, ann);
      await a.frame('room_removed');
      await harness.services.append(room, bob);
      await until(() => b.seqs(room).includes(9));
      expect(a.seqs(room).includes(9)).to.equal(false);
    });

    it('events without a signal are found by comparing heads', async () => {
      const ann = someone();
      const room = roomOf([ann]);
      const c = await harness.connect(one, ann);
      harness.services.silent = true;
      for (let i = 0; i < 5; i++) await harness.services.append(room, 'usr_other');
      harness.services.silent = false;
      await until(() => c.seqs(room).length === 5);
      expect(c.seqs(room)).to.deep.equal(upTo(5));
    });

    it('topics are entered again after Redis lost its data', async () => {
      const ann = someone();
      const room = roomOf([ann]);
      const c = await harness.connect(one, ann);
      await harness.redis.flushdb();
      await harness.services.append(room, 'usr_other');
      await until(() => c.seqs(room).length === 1);
      // The other node renews its lease later. Until then its connections do not count.
      for (const end = Date.now() + 8000; (await presentNodes(harness.redis)).length < 2; await sleep(20))
        expect(Date.now()).to.be.below(end);
    });
  });
});
