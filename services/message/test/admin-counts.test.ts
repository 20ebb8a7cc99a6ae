// Statistics for admin: room states, and message counts at one moment.

import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Messages, openMessages } from './harness.ts';

describe('counts for admin', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  it('the counts by second plus the facts not listed in them give the same sum at any moment', async () => {
    const sent = await Promise.all(
      Array.from({ length: 5 }, (_, i) => m.send('usr_a', { chat_id: `r${i % 2}`, content: 'x' }).expect(201)),
    );
    await m.ask('usr_a', 'delete', `/messages/${sent[0]?.body.id}`).expect(204);
    const ask = async () => (await m.inside('get', '/internal/message-counts').expect(200)).body;
    const early = await ask();
    await eventually(async () => (await m.ctx.db('unpublished').count({ n: '*' }))[0]?.n === 0);
    const late = await ask();
    const facts = await m.ctx.db('outbox').where('name', 'messages.created');
    expect(late.facts.sort()).to.deep.equal(
      await m.ctx.db('outbox').whereLike('name', 'messages.%').orderBy('id').pluck('id'),
    );
    for (const { total, seconds, facts: known } of [early, late]) {
      const toCome = facts.filter(({ id }) => !known.includes(id)).reduce((sum, { payload }) => sum + payload.count, 0);
      expect(total + toCome).to.equal(4);
      expect(seconds.reduce((sum: number, [, count]: [string, number]) => sum + count, 0)).to.equal(total);
    }
    expect(late.total).to.equal(4);
  });

  it('room states can be read by page and by id, and include deleted rooms', async () => {
    await m.ask('usr_a', 'delete', '/rooms/r0').expect(204);
    const states = async (body: object) =>
      (await m.inside('post', '/internal/rooms/states', body).expect(200)).body.states;
    const all = await states({});
    expect(all.map((room: any) => [room.room_id, room.kind, room.deleted])).to.deep.equal([
      ['general', 'public', false],
      ['r0', 'public', true],
      ['r1', 'public', false],
    ]);
    expect((await states({ limit: 1, after: 'general' }))[0].room_id).to.equal('r0');
    expect((await states({ ids: ['r1', 'none'] })).map((room: any) => room.room_id)).to.deep.equal(['r1']);
  });
});
