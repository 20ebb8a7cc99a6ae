import { expect } from 'chai';
import { type Account, type Json, register, rest, say, unique } from '../support/client.ts';
import { gateways, nodes } from '../support/cluster.ts';
import { expectError, expectInvalid, expectMessage } from '../support/expects.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

describe('messages', () => {
  let ann: Account;
  let bob: Account;
  let room: string;
  before(async () => {
    [ann, bob] = [await register('ann'), await register('bob')];
  });
  beforeEach(() => {
    room = unique('msgs');
  });
  afterEach(closeAll);
  const all = async (): Promise<Json[]> =>
    (await rest(ann).get(`/messages/?chat_id=${room}&limit=100`).expect(200)).body.messages;

  it('are returned exactly as sent when they are text', async () => {
    for (const content of [
      '1 < 2 && 3 > 2',
      '&lt;b&gt;',
      '👩‍👩‍👧‍👦 שלום',
      '  spaced\n\tout  ',
      '</3',
      'see javascript: for more',
      `O'Brien; DROP TABLE x;--`,
    ]) {
      const { id } = await say(ann, { chat_id: room, content });
      expect((await rest(ann).get(`/messages/${id}`).expect(200)).body.content).to.equal(content);
    }
  });

  it('lose active markup', async () => {
    for (const content of [
      '<script>alert(1)</script>hi',
      '<img src=x onerror=alert(1)>hi',
      '<a href="javascript:x()">hi</a>',
      'hi<svg/onload=x',
      '<scr<script>ipt>hi',
    ]) {
      const stored = (await say(ann, { chat_id: room, content })).content;
      expect(stored).to.include('hi');
      expect(stored, content).to.not.match(/<[a-z!/]/i);
    }
  });

  it('have 1 to 4,000 code points', async () => {
    await say(ann, { chat_id: room, content: '😀'.repeat(4000) });
    for (const content of ['', '😀'.repeat(4001), '<script></script>', '\u0007'])
      expectInvalid(await rest(ann).post('/messages/', { chat_id: room, content }), 'content');
    expectInvalid(
      await rest(ann).post('/messages/', { chat_id: room, content: 'x', message_type: 'system' }),
      'message_type',
    );
  });

  it('sent three times each concurrently through different gateways and nodes are stored once, with equal responses', async function () {
    this.timeout(20_000);
    await rest(ann).post('/rooms', { chat_id: room, visibility: 'public' }).expect(201);
    const lives = await Promise.all(nodes().map((url) => connect(ann, url)));
    const byRest = async (i: number, client_id: string): Promise<Json> => {
      const answer = await rest(ann, gateways()[i % 2] as string).post('/messages/', {
        chat_id: room,
        content: client_id,
        client_id,
      });
      expect(answer.status).to.be.oneOf([200, 201]);
      return { id: answer.body.id, seq: answer.body.seq };
    };
    const bySocket = async (i: number, client_id: string): Promise<Json> => {
      const live = lives[i % 2] as (typeof lives)[0];
      live.send({ message: client_id, chat_id: room, client_id });
      const ack = await live.next('ack', (f) => f.client_id === client_id, 10_000);
      return { id: ack.message_id, seq: ack.seq };
    };
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const key = `key-${i}`;
        const ways =
          i % 2
            ? [byRest(i, key), byRest(i + 1, key), bySocket(i, key)]
            : [byRest(i, key), bySocket(i, key), bySocket(i + 1, key)];
        const [one, ...others] = await Promise.all(ways);
        for (const other of others) expect(other).to.deep.equal(one);
      }),
    );
    const rows = await all();
    expect(rows).to.have.length(100);
    expect(new Set(rows.map((m) => m.content)).size).to.equal(100);
    expect(rows.map((m) => m.seq)).to.deep.equal(Array.from({ length: 100 }, (_, i) => 101 - i));
  });

  it('are idempotent by client_id or Idempotency-Key, per sender and room', async () => {
    const client_id = 'once';
    const first = await say(ann, { chat_id: room, content: 'x', client_id });
    expect(first.client_id).to.equal(client_id);
    const again = await rest(ann)
      .post('/messages/', { chat_id: room, content: 'x' })
      .set('Idempotency-Key', client_id)
      .expect(200);
    expect(again.body).to.include({ id: first.id, seq: first.seq });
    expectError(await rest(ann).post('/messages/', { chat_id: room, content: 'y', client_id }), 409, 'CONFLICT');
    await say(bob, { chat_id: room, content: 'x', client_id });
    await say(ann, { chat_id: unique('other'), content: 'x', client_id });
    expectInvalid(await rest(ann).post('/messages/', { chat_id: room, content: 'x', client_id: '' }), 'client_id');
    expectError(
      await rest(ann).post('/messages/', { chat_id: room, content: '', client_id: 'unused' }),
      400,
      'VALIDATION_ERROR',
    );
    await say(ann, { chat_id: room, content: 'z', client_id: 'unused' });
    await rest(ann).delete(`/messages/${first.id}`).expect(204);
    const late = await rest(ann).post('/messages/', { chat_id: room, content: 'x', client_id }).expect(200);
    expect(late.body).to.include({ id: first.id, is_deleted: true, content: '' });
  });

  it('form threads', async () => {
    const root = await say(ann, { chat_id: room, content: 'question' });
    const replies = [];
    for (const content of ['a', 'b']) replies.push(await say(bob, { chat_id: room, content, reply_to: root.id }));
    expect((await rest(ann).get(`/messages/${root.id}`).expect(200)).body.thread_count).to.equal(2);
    const thread = await rest(ann).get(`/messages/?thread_of=${root.id}&chat_id=${room}`).expect(200);
    expect(thread.body.messages.map((m: Json) => m.id)).to.have.members(replies.map((m) => m.id));
    const elsewhere = { chat_id: unique('other'), content: 'x', reply_to: root.id };
    expect((await rest(bob).post('/messages/', elsewhere)).status).to.be.oneOf([400, 404]);
  });

  it('have reactions, each user’s once', async () => {
    const { id } = await say(ann, { chat_id: room, content: 'x' });
    const thumb = `/messages/${id}/reactions/${encodeURIComponent('👍🏽')}`;
    for (const who of [ann, bob, bob]) expect((await rest(who).put(thumb)).status).to.be.oneOf([200, 204]);
    const shown = async (): Promise<Json> => (await rest(ann).get(`/messages/${id}`).expect(200)).body.reactions;
    expect(await shown()).to.deep.equal([{ emoji: '👍🏽', count: 2, user_ids: [ann.id, bob.id], me: true }]);
    for (let i = 0; i < 2; i++) await rest(bob).delete(thumb).expect(204);
    expect(await shown()).to.deep.equal([{ emoji: '👍🏽', count: 1, user_ids: [ann.id], me: true }]);
    for (const emoji of ['ab', 'x', '👍👎'])
      expectError(
        await rest(ann).put(`/messages/${id}/reactions/${encodeURIComponent(emoji)}`),
        400,
        'VALIDATION_ERROR',
      );
  });

  it('can be edited by their sender; a deleted one leaves a tombstone that cannot be edited', async () => {
    const sent = await say(ann, { chat_id: room, content: 'before' });
    const edited = (await rest(ann).put(`/messages/${sent.id}`, { content: 'after' }).expect(200)).body;
    expectMessage(edited, { id: sent.id, seq: sent.seq, content: 'after', is_edited: true });
    expectInvalid(await rest(ann).put(`/messages/${sent.id}`, { content: '' }), 'content');
    await rest(ann).delete(`/messages/${sent.id}`).expect(204);
    await rest(ann).delete(`/messages/${sent.id}`).expect(204);
    const [tomb] = await all();
    expectMessage(tomb, { id: sent.id, content: '', is_deleted: true, attachments: [], reactions: [] });
    expect((await rest(ann).put(`/messages/${sent.id}`, { content: 'back' })).status).to.be.oneOf([404, 409]);
    expectError(await rest(ann).get('/messages/msg_nothing'), 404, 'RESOURCE_NOT_FOUND');
  });
});
