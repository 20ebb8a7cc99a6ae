import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { markPublished } from '../src/log/publish-store.ts';
import { type Messages, openMessages } from './harness.ts';

describe('facts about messages', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  const second = (at: string): number => Math.floor(Date.parse(at) / 1000);
  const facts = async (): Promise<{ count: number; created_at: string }[]> =>
    (await m.ctx.db('outbox').where('name', 'messages.created')).map(({ payload }) => payload);

  it('every created message is counted once, in the fact of its second', async () => {
    const unpublished = async (): Promise<unknown> => (await m.ctx.db('unpublished').count({ n: '*' }))[0]?.n;
    await eventually(async () => (await unpublished()) === 0);
    await m.ctx.db('outbox').delete();
    const sends = await Promise.all(
      ['x', 'y', 'z'].map((content) => m.send('usr_a', { chat_id: 'created', content }).expect(201)),
    );
    await eventually(async () => (await unpublished()) === 0);
    const published = await facts();
    expect(published.flatMap(({ count, created_at }) => Array(count).fill(second(created_at))).sort()).to.deep.equal(
      sends.map(({ body }) => second(body.created_at)).sort(),
    );
  });

  it('commits published together give one fact per second', async () => {
    await m.ctx.db('outbox').delete();
    const of = (id: string, made: number, made_at: string): object => ({
      ...{ id, made, made_at, room_ids: ['by-second'], first_seqs: [1], last_seqs: [1] },
    });
    await m.ctx
      .db('unpublished')
      .insert([
        of('commit-1', 2, '2026-11-01T10:00:00.100Z'),
        of('commit-2', 3, '2026-11-01T10:00:00.900Z'),
        of('commit-3', 4, '2026-11-01T10:00:01.000Z'),
      ]);
    await markPublished(m.ctx.db, ['commit-1', 'commit-2', 'commit-3']);
    expect((await facts()).map(({ count }) => count).sort()).to.deep.equal([4, 5]);
  });

  it('the sweep publishes the facts that a crashed instance left', async () => {
    await m.send('usr_a', { chat_id: 'swept', content: 'x' }).expect(201);
    await eventually(async () => (await m.ctx.db('unpublished').count({ n: '*' }))[0]?.n === 0);
    await m.ctx.db('outbox').delete();
    const left = { id: 'dead', room_ids: ['swept'], first_seqs: [2], last_seqs: [2], made: 7 };
    await m.ctx.db('unpublished').insert({ ...left, made_at: '2026-11-01T10:00:00.700Z' });
    await eventually(async () => (await m.ctx.db('outbox').count({ n: '*' }))[0]?.n === 1, 3000);
    const { payload } = await m.ctx.db('outbox').first();
    expect([payload.count, Date.parse(payload.created_at)]).to.deep.equal([7, Date.parse('2026-11-01T10:00:00Z')]);
  });
});
