import { setTimeout as sleep } from 'node:timers/promises';
import { publishRevocations } from '@chatapi/bus';
import { expect } from 'chai';
import { createHarness, type Harness, type TestNode } from './harness.ts';
import { until, upTo } from './node-fixture.ts';
import { openStream, type StreamClient } from './stream-client.ts';

describe('streams of events at realtime nodes', () => {
  let harness: Harness;
  let one: TestNode;
  let two: TestNode;
  let n = 0;
  const open: StreamClient[] = [];
  const someone = (): string => `usr_s${process.pid}_${++n}`;
  const roomOf = (members: string[], kind: 'public' | 'private' = 'private'): string => {
    const id = `room-${process.pid}-${++n}`;
    harness.services.rooms.set(id, { kind, members, events: [] });
    return id;
  };
  const append = async (room: string, count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await harness.services.append(room, 'usr_other');
  };

  async function stream(node: TestNode, user: string, path: string, id?: string): Promise<StreamClient> {
    const headers: Record<string, string> = { authorization: `Bearer ${harness.token(user)}` };
    if (id !== undefined) headers['last-event-id'] = id;
    const client = await openStream(node.url, path, headers);
    open.push(client);
    return client;
  }
  const refused = (node: TestNode, user: string, path: string, headers: Record<string, string> = {}) =>
    openStream(node.url, path, { authorization: `Bearer ${harness.token(user)}`, ...headers }).then(
      () => expect.fail('the stream was opened'),
      (refusal) => refusal,
    );

  before(async () => {
    harness = await createHarness();
    one = await harness.node();
    two = await harness.node({ INSTANCE: 'realtime-two' });
  });
  afterEach(() => {
    for (const client of open.splice(0)) client.close();
  });
  after(() => harness.close());

  describe('of one room', () => {
    it('begins live and goes on at another node after the last id', async () => {
      const ann = someone();
      const room = roomOf([ann]);
      await append(room, 3);
      const a = await stream(one, ann, `/rooms/${room}/events`);
      expect(await a.event('live')).to.deep.equal({ id: '3', event: 'live', data: { chat_id: room, seq: 3 } });
      await append(room, 2);
      await until(() => a.seqs(room).length === 2);
      expect(a.events.at(-1)).to.include({ id: '5', event: 'event' });
      const headers = a.res.headers;
      expect(headers['content-type']).to.equal('text/event-stream; charset=utf-8');
      expect(headers['x-accel-buffering']).to.equal('no');
      expect(headers['cache-control']).to.include('no-store');
      a.close();
      await append(room, 250);
      const b = await stream(two, ann, `/rooms/${room}/events?after_seq=1`, a.lastId);
      expect((await b.event('live')).id).to.equal('255');
      await append(room, 1);
      await until(() => b.seqs(room).length === 251);
      expect(b.seqs(room)).to.deep.equal(upTo(256, 6));
      expect(b.events.map(({ event }) => event).indexOf('live')).to.equal(250);
    });

    it('tells that the log does not reach back, and goes on live', async () => {
      const ann = someone();
      const room = roomOf([ann]);
      await append(room, 3);
      const a = await stream(one, ann, `/rooms/${room}/events?after_seq=50`);
      expect((await a.event('resync')).data).to.deep.equal({ rooms: { [room]: { from: 50, to: 3 } } });
      expect((await a.event('live')).id).to.equal('3');
      await append(room, 1);
      await until(() => a.seqs(room).length === 1);
    });

    it('of a public room is for everybody, and ends when the room becomes private', async () => {
      const room = roomOf([someone()], 'public');
      await append(room, 120);
      const a = await stream(two, someone(), `/rooms/${room}/events?after_seq=0`);
      await a.event('live');
      await append(room, 2);
      await until(() => a.seqs(room).length === 122);
      expect(a.seqs(room)).to.deep.equal(upTo(122));
      (harness.services.rooms.get(room) as { kind: string }).kind = 'private';
      await append(room, 1);
      expect((await a.event('close')).data).to.include({ code: 1012 });
      await until(() => a.ended);
      expect(a.seqs(room)).to.not.include(123);
      expect((await refused(two, someone(), `/rooms/${room}/events`)).status).to.equal(404);
    });

    it('ends when its user leaves the room, and hears nothing of other rooms', async () => {
      const ann = someone();
      const [room, other] = [roomOf([ann]), roomOf([ann])];
      const a = await stream(one, ann, `/rooms/${room}/events`);
      await append(other, 3);
      await append(room, 1);
      await until(() => a.seqs(room).length === 1);
      await harness.services.member('left', room, ann);
      expect((await a.event('close')).data).to.include({ code: 1012 });
      expect(a.seqs(other)).to.deep.equal([]);
    });

    it('is refused with the error object', async () => {
      const ann = someone();
      const room = roomOf([ann]);
      const path = `/rooms/${room}/events`;
      for (const [asked, status, headers] of [
        [path, 401, { authorization: 'Bearer nonsense' }],
        [`${path}?after_seq=-1`, 400, {}],
        [`${path}?limit=3`, 400, {}],
        [path, 400, { 'last-event-id': 'x' }],
        ['/rooms/none/events', 404, {}],
        ['/rooms/self:x/events', 404, {}],
        [path, 403, { origin: 'http://evil.example' }],
        [path, 406, { accept: 'application/json' }],
        ['/events', 406, { accept: 'application/json' }],
        ['/events', 400, { 'last-event-id': '!!' }],
        ['/events', 400, { 'last-event-id': 'x'.repeat(5000) }],
        ['/events?cursor=AAAA', 400, {}],
      ] as const) {
        const refusal = await refused(one, ann, asked, headers);
        expect(refusal.status, `${asked} ${JSON.stringify(headers)}`).to.equal(status);
        expect(refusal.body).to.include({ error: true });
      }
    });
  });

  describe('of all rooms', () => {
    it('says hello, bears ephemeral frames without an id, and goes on at another node', async () => {
      const ann = someone();
      const rooms = [roomOf([ann]), roomOf([ann]), roomOf([ann])];
      const [first = '', second = '', third = ''] = rooms;
      await append(first, 3);
      const a = await stream(one, ann, '/events');
      expect((await a.event('hello')).data).to.include({ user_id: ann, heartbeat_ms: 5000 });
      await a.event('live');
      await harness.services.notify(ann, '', '{"type":"typing","chat_id":"x"}');
      expect((await a.event('typing')).id).to.equal(undefined);
      await append(first, 1);
      await append(second, 1);
      await until(() => a.seqs(second).length === 1);
      a.close();
      await append(first, 2);
      await append(third, 130);
      const b = await stream(two, ann, '/events', a.lastId);
      await b.event('live');
      await append(second, 1);
      await until(() => b.seqs(second).length === 1);
      expect(rooms.map((room) => [...a.seqs(room), ...b.seqs(room)])).to.deep.equal([upTo(6, 4), upTo(2), upTo(130)]);
      const again = await stream(one, ann, `/events?cursor=${b.lastId}`);
      await again.event('live');
      expect(again.events.map(({ event }) => event)).to.deep.equal(['hello', 'live']);
    });

    it('goes on over more rooms than fit in a cursor, also from the midst of a replay', async function () {
      this.timeout(60_000);
      const ann = someone();
      const rooms = Array.from({ length: 260 }, () => roomOf([ann]));
      const a = await stream(one, ann, '/events');
      await a.event('live');
      a.close();
      const joined = roomOf([ann]);
      for (const room of [...rooms, joined]) await append(room, 2);
      const got = new Map<string, number[]>();
      let id = a.lastId;
      for (let round = 0; round < 40; round++) {
        const b = await stream(round % 2 === 0 ? two : one, ann, '/events', id);
        // Cut at an arbitrary event, as if the node had died.
        const most = round < 4 ? 70 * (round + 1) : Number.POSITIVE_INFINITY;
        await until(() => b.events.length > most || b.events.some(({ event }) => event === 'live'), 20_000);
        const taken = b.events.slice(0, Math.min(most, b.events.length));
        for (const { data, event } of taken)
          if (event === 'event') got.set(data.chat_id, [...(got.get(data.chat_id) ?? []), data.seq]);
        id = taken.findLast((event) => event.id !== undefined)?.id ?? id;
        expect(id.length).to.be.lessThan(4096);
        b.close();
        if (taken.some(({ event }) => event === 'live')) break;
      }
      expect([...got.keys()].toSorted()).to.deep.equal([...rooms, joined].toSorted());
      for (const seqs of got.values()) expect(seqs).to.deep.equal([1, 2]);
      expect(harness.services.bases.size).to.be.greaterThan(2);
    });

    it('names all rooms to read anew when its base is gone', async function () {
      this.timeout(60_000);
      const ann = someone();
      const rooms = Array.from({ length: 110 }, () => roomOf([ann]));
      const a = await stream(one, ann, '/events');
      await a.event('live');
      a.close();
      await append(rooms[0] as string, 1);
      harness.services.bases.clear();
      const b = await stream(two, ann, '/events', a.lastId);
      const { rooms: named } = (await b.event('resync')).data;
      expect(Object.keys(named)).to.have.length(110);
      expect(named[rooms[0] as string]).to.deep.equal({ from: 0, to: 1 });
      await b.event('live');
      await append(rooms[0] as string, 1);
      await until(() => b.seqs(rooms[0] as string).length === 1);
    });
  });

  it('ends within a second when its session ends or its user is banned', async () => {
    const [ann, bob] = [someone(), someone()];
    const room = roomOf([ann, bob]);
    const [a, b] = [await stream(one, ann, '/events'), await stream(two, bob, `/rooms/${room}/events`)];
    for (const [kind, subject] of [
      ['session', `ses_${ann}`],
      ['ban', bob],
    ] as const) {
      const record = { seq: ++n, kind, subject, at: new Date(Date.now() + 50).toISOString() };
      harness.services.revocations.push(record);
      void publishRevocations(harness.redis, [record]);
    }
    expect((await a.event('close', 1000)).data).to.include({ code: 4401 });
    expect((await b.event('close', 1000)).data).to.include({ code: 4403 });
    await until(() => a.ended && b.ended);
    expect((await refused(one, bob, '/events')).status).to.equal(403);
  });

  it('of a slow reader is fed from the log and costs bounded memory', async function () {
    this.timeout(60_000);
    const ann = someone();
    const room = roomOf([ann]);
    const a = await stream(one, ann, '/events');
    await a.event('live');
    a.res.pause();
    a.res.socket.pause();
    const text = 'x'.repeat(50_000);
    for (let i = 0; i < 200; i++) await harness.services.append(room, 'usr_other', { text });
    await sleep(300);
    const c = [...one.ctx.connections.values()].find(({ user }) => user.id === ann);
    expect(c?.lag).to.not.equal(undefined);
    expect(c?.socket.writableLength).to.be.lessThan(1024 * 1024);
    a.res.socket.resume();
    a.res.resume();
    await until(() => a.seqs(room).length === 200, 30_000);
    expect(a.seqs(room)).to.deep.equal(upTo(200));
  });

  it('bears a comment every five seconds', async function () {
    this.timeout(20_000);
    const a = await stream(one, someone(), '/events');
    await until(() => a.comments > 0, 12_000);
  });

  it('ends with 1012 when the node stops', async () => {
    const going = await harness.node({ INSTANCE: 'going' });
    const a = await stream(going, someone(), '/events');
    await a.event('live');
    await going.stop();
    expect((await a.event('close')).data).to.include({ code: 1012 });
    await until(() => a.ended);
  });
});
