import { expect } from 'chai';
import { type Messages, openMessages, until } from './harness.ts';

describe('what is told of messages', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  it('tells every created message as a fact, once, by the second in which it was made', async () => {
    const untold = async (): Promise<unknown> => (await m.ctx.db('unpublished').count({ n: '*' }))[0]?.n;
    await until(async () => (await untold()) === 0);
    await m.ctx.db('outbox').delete();
    const sends = await Promise.all(
      ['x', 'y', 'z'].map((content) => m.send('usr_a', { chat_id: 'told', content }).expect(201)),
    );
    await until(async () => (await untold()) === 0);
    const told = (await m.ctx.db('outbox').where('name', 'messages.created')).map(({ payload }) => payload);
    const second = (at: string): number => Math.floor(Date.parse(at) / 1000);
    expect(told.flatMap(({ count, created_at }) => Array(count).fill(second(created_at))).sort()).to.deep.equal(
      sends.map(({ body }) => second(body.created_at)).sort(),
    );
    expect(new Set(told.map(({ created_at }) => created_at)).size).to.equal(told.length);
  });

  it('what a dead instance left is told by the sweep', async () => {
    await m.send('usr_a', { chat_id: 'swept', content: 'x' }).expect(201);
    await until(async () => (await m.ctx.db('unpublished').count({ n: '*' }))[0]?.n === 0);
    await m.ctx.db('outbox').delete();
    const left = { id: 'dead', room_ids: ['swept'], first_seqs: [2], last_seqs: [2], made: 7 };
    await m.ctx.db('unpublished').insert({ ...left, made_at: '2026-11-01T10:00:00.700Z' });
    await until(async () => (await m.ctx.db('outbox').count({ n: '*' }))[0]?.n === 1, 3000);
    const { payload } = await m.ctx.db('outbox').first();
    expect([payload.count, Date.parse(payload.created_at)]).to.deep.equal([7, Date.parse('2026-11-01T10:00:00Z')]);
  });
});
