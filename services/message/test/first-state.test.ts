import { expect } from 'chai';
import { type Messages, openMessages } from './harness.ts';

describe('a page of state for a node', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  async function state(user_id: string, more: object = {}) {
    const { body } = await m.inside('post', '/internal/state', { user_id, limit: 100, ...more }).expect(200);
    const { body: text, ...head } = body;
    return { ...head, ...JSON.parse(text) };
  }

  it('has the rooms of GET /rooms, the seq that each is as of, and whose presence the user sees', async () => {
    await m.ask('usr_a', 'post', '/rooms', { chat_id: 'first', member_ids: ['usr_b'] }).expect(201);
    await m.send('usr_b', { chat_id: 'first', content: 'hello' }).expect(201);
    await m.send('usr_a', { recipient_id: 'usr_c', content: 'direct' }).expect(201);
    const seen = await state('usr_a');
    const { body: list } = await m.ask('usr_a', 'get', '/rooms').expect(200);
    // Who enters general is counted a moment later.
    const uncounted = (rooms: any[]) => rooms.map(({ member_count: _, ...room }) => room);
    expect([uncounted(seen.rooms), seen.users]).to.deep.equal([uncounted(list.rooms), list.users]);
    expect(seen.next_cursor).to.equal(null);
    expect(Object.fromEntries(seen.heads)).to.deep.equal(
      Object.fromEntries(list.rooms.map((room: any) => [room.id, room.last_seq])),
    );
    expect(seen.peers.slice(0, 2)).to.deep.equal(['usr_c', 'usr_b']);
  });

  it('goes on by its cursor, from the page before and from no other text', async () => {
    for (let i = 0; i < 5; i++) await m.send('usr_pages', { chat_id: `state${i}`, content: 'x' }).expect(201);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: any = await state('usr_pages', { limit: 2, ...(cursor === null ? {} : { cursor }) });
      seen.push(...page.rooms.map(({ id }: any) => id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(new Set(seen)).to.deep.equal(new Set(['state0', 'state1', 'state2', 'state3', 'state4', 'general']));
    expect(seen.length).to.equal(6);
    const wrong = await m.inside('post', '/internal/state', { user_id: 'usr_pages', limit: 2, cursor: 'x' });
    expect([wrong.status, wrong.body.code, wrong.body.details.fields[0].path]).to.deep.equal([
      400,
      'VALIDATION_ERROR',
      'cursor',
    ]);
  });

  it('is limited to the rooms of a token', async () => {
    await m.send('usr_bot', { chat_id: 'allowed', content: 'x' }).expect(201);
    await m.ask('usr_bot', 'post', '/rooms', { chat_id: 'hidden', member_ids: ['usr_z'] }).expect(201);
    const seen = await state('usr_bot', { rooms: ['allowed'] });
    expect([seen.rooms.map(({ id }: any) => id), seen.peers]).to.deep.equal([['allowed'], []]);
  });

  it('of a limited token is full, and neither its cursor nor its length tells of other rooms', async () => {
    for (const chat_id of ['in1', 'in2', 'out1', 'out2'])
      await m.send('usr_robot', { chat_id, content: 'x' }).expect(201);
    const seen = await state('usr_robot', { rooms: ['in1', 'in2'], limit: 2 });
    expect(seen.rooms.map(({ id }: any) => id)).to.have.members(['in1', 'in2']);
    expect(seen.next_cursor).to.equal(null);
  });
});
