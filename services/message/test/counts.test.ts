// What admin asks for its statistics: states of rooms, and counts as of one moment.
import { expect } from 'chai';
import { type Messages, openMessages } from './harness.ts';

describe('counts for admin', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  it('counts what is there, by second, and names the facts that are in it', async () => {
    const sent = await Promise.all(
      Array.from({ length: 5 }, (_, i) => m.send('usr_a', { chat_id: `r${i % 2}`, content: 'x' }).expect(201)),
    );
    await m.ask('usr_a', 'delete', `/messages/${sent[0]?.body.id}`).expect(204);
    const { body } = await m.inside('get', '/internal/message-counts').expect(200);
    expect(body.total).to.equal(4);
    expect(body.seconds.reduce((sum: number, [, count]: [string, number]) => sum + count, 0)).to.equal(4);
    const facts = await m.ctx.db('outbox').whereLike('name', 'messages.%').pluck('id');
    expect(body.facts.sort()).to.deep.equal(facts.sort());
  });

  it('tells rooms by page and by id, deleted ones too', async () => {
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
