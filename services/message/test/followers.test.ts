// What followers of the log in other services are told, and what they may ask.
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Messages, openMessages } from './harness.ts';

const SECOND = 1 / 86_400;

describe('followers of the log', () => {
  let m: Messages;
  beforeEach(async () => {
    m = await openMessages();
  });
  afterEach(() => m?.close());

  const ask = async (path: string, body: object) =>
    (await m.inside('post', `/internal/${path}`, body).expect(200)).body;
  const told = async (): Promise<Record<string, number>[]> =>
    (await m.ctx.db('outbox').where({ name: 'rooms.moved' }).orderBy('id')).map(({ payload }) => payload.heads);
  const waiting = async (): Promise<number> => Number((await m.ctx.db('unpublished').count({ n: '*' }))[0]?.n);

  it('are told heads once per move, and only under their lease', async () => {
    await m.send('usr_a', { chat_id: 'early', content: 'x' }).expect(201);
    await eventually(async () => expect(await waiting()).to.equal(0));
    expect(await told()).to.deep.equal([]);
    const { now } = await ask('followers', { follows: true });
    expect(Math.abs(now - Date.now())).to.be.lessThan(60_000);
    for (const content of ['a', 'b']) await m.send('usr_a', { chat_id: 'moved', content }).expect(201);
    await eventually(async () => expect((await told()).at(-1)).to.deep.equal({ moved: 3 }));
    expect(await ask('moves-not-told', { since: now })).to.deep.equal({ heads: { moved: 3 } });
    expect(await ask('moves-not-told', { since: now + 60_000 })).to.deep.equal({ heads: {} });
    await ask('followers', { follows: false });
    const before = (await told()).length;
    await m.send('usr_a', { chat_id: 'late', content: 'x' }).expect(201);
    await eventually(async () => expect(await waiting()).to.equal(0));
    expect(await told()).to.have.length(before);
  });

  it('are told without Redis too, while nodes are told when it is back', async () => {
    await ask('followers', { follows: true });
    m.ctx.redis.disconnect();
    expect(await ask('followers', { follows: true })).to.include({ redis: false });
    const since = Date.now() - 10_000;
    await m.send('usr_a', { chat_id: 'unheard', content: 'x' }).expect(201);
    await eventually(async () => expect((await ask('moves-not-told', { since })).heads).to.deep.equal({ unheard: 2 }));
    expect(await waiting()).to.be.greaterThan(0);
    await m.ctx.redis.connect();
    await eventually(async () => expect(await waiting()).to.equal(0));
    expect((await told()).at(-1)).to.deep.equal({ unheard: 2 });
  });

  it('empty a backlog of unpublished rows in one sweep', async () => {
    await m.send('usr_a', { chat_id: 'backlog', content: 'x' }).expect(201);
    await ask('followers', { follows: true });
    await m.ctx.db.raw(
      `insert into unpublished (id, room_ids, first_seqs, last_seqs, created_at)
       select 'evt_' || i, array['backlog'], array[1], array[1], now() - interval '2 minutes' from generate_series(1, 2500) i`,
    );
    await eventually(async () => expect(await waiting()).to.equal(0), 5000);
  });

  it('find rooms that moved since a time, page by page, and the seq that each had then', async () => {
    for (const chat_id of ['a', 'b', 'c']) await m.send('usr_a', { chat_id, content: 'x' }).expect(201);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const then = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await m.send('usr_a', { chat_id: 'b', content: 'y' }).expect(201);
    const first = await ask('moves', { since: 0, after: '', limit: 2 });
    expect(first).to.deep.equal({ heads: { a: 2, b: 3 }, next: 'b' });
    expect(await ask('moves', { since: 0, after: 'b', limit: 100 })).to.deep.equal({ heads: { c: 2 }, next: null });
    expect((await ask('moves', { since: then, after: '', limit: 100 })).heads).to.deep.equal({ b: 3 });
    const { seqs } = await ask('seqs-at', { rooms: ['a', 'b', 'missing'], at: then });
    expect(seqs).to.deep.equal({ a: { seq: 2, complete: true }, b: { seq: 2, complete: true } });
  });

  it('read logs with times and an epoch', async () => {
    await m.send('usr_a', { chat_id: 'read', content: 'x' }).expect(201);
    const { rooms } = await ask('logs', {
      rooms: [
        { id: 'read', after: 1 },
        { id: 'missing', after: 0 },
      ],
      limit: 10,
    });
    expect(rooms).to.have.length(1);
    const [{ id, epoch, first_seq, last_seq, events }] = rooms;
    expect([id, first_seq, last_seq, events.length]).to.deep.equal(['read', 1, 2, 1]);
    expect(epoch).to.match(/^[0-9a-f]{32}$/);
    expect(JSON.parse(events[0].frame)).to.include({ type: 'message', chat_id: 'read', seq: 2 });
    expect(Math.abs(events[0].at - Date.now())).to.be.lessThan(60_000);
  });

  it('learn nothing of the logs of users, whatever they name', async () => {
    await m.send('usr_a', { chat_id: 'shared', content: 'x' }).expect(201);
    for (const table of ['rooms', 'room_events']) {
      const id = table === 'rooms' ? 'id' : 'room_id';
      await m.ctx.db.raw(
        `insert into ${table} select c.* from ${table} r,
           jsonb_populate_record(null::${table}, to_jsonb(r) || jsonb_build_object('${id}', 'self:usr_a')) c
         where r.${id} = 'shared'`,
      );
    }
    const names = ['shared', 'self:usr_a'];
    const { rooms } = await ask('logs', { rooms: names.map((id) => ({ id, after: 0 })), limit: 10 });
    expect(rooms.map(({ id }: { id: string }) => id)).to.deep.equal(['shared']);
    expect((await ask('seqs-at', { rooms: names, at: Date.now() })).seqs).to.have.keys(['shared']);
    expect((await ask('moves', { since: 0, after: '', limit: 10 })).heads).to.have.keys(['shared']);
  });
});

describe('followers of a log that was trimmed', () => {
  it('begin after what was dropped before they began, and learn what was dropped since', async () => {
    const m = await openMessages({ LOG_RETENTION_DAYS: SECOND });
    const ask = async (path: string, body: object) =>
      (await m.inside('post', `/internal/${path}`, body).expect(200)).body;
    await m.send('usr_a', { chat_id: 'short', content: 'x' }).expect(201);
    const read = async () => (await ask('logs', { rooms: [{ id: 'short', after: 0 }], limit: 10 })).rooms[0];
    await eventually(async () => expect(await read()).to.include({ first_seq: 3, last_seq: 2 }), 8000);
    expect((await ask('seqs-at', { rooms: ['short'], at: Date.now() })).seqs.short).to.deep.equal({
      seq: 2,
      complete: true,
    });
    expect((await ask('seqs-at', { rooms: ['short'], at: 1 })).seqs.short).to.deep.equal({ seq: 0, complete: false });
    expect((await ask('moves', { since: 1, after: '', limit: 100 })).heads).to.have.property('short', 2);
    expect((await ask('moves', { since: Date.now(), after: '', limit: 100 })).heads).to.deep.equal({});
    await m.close();
  }).timeout(15_000);
});
