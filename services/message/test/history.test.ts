import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Messages, openMessages } from './harness.ts';

describe('reading, editing and deleting messages', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  const texts = async (user: string, query: string) => {
    const { body } = await m.ask(user, 'get', `/messages/?${query}`).expect(200);
    return { texts: body.messages.map((one: any) => one.content), more: body.has_more, last_seq: body.last_seq };
  };
  const post = async (user: string, body: object) => (await m.send(user, body)).body;

  it('a history is paged by skip and by cursors in both directions, with an exact has_more', async () => {
    for (let i = 1; i <= 7; i++) await post('usr_a', { chat_id: 'pages', content: `m${i}` });
    expect(await texts('usr_b', 'chat_id=pages&limit=3')).to.deep.equal({
      texts: ['m7', 'm6', 'm5'],
      more: true,
      last_seq: 8,
    });
    expect(await texts('usr_b', 'chat_id=pages&limit=3&skip=6')).to.deep.equal({
      texts: ['m1'],
      more: false,
      last_seq: 8,
    });
    expect(await texts('usr_b', 'chat_id=pages&limit=3&skip=4')).to.deep.equal({
      texts: ['m3', 'm2', 'm1'],
      more: false,
      last_seq: 8,
    });
    expect(await texts('usr_b', 'chat_id=pages&before_seq=4')).to.deep.equal({
      texts: ['m2', 'm1'],
      more: false,
      last_seq: 8,
    });
    expect(await texts('usr_b', 'chat_id=pages&after_seq=4&limit=2')).to.deep.equal({
      texts: ['m4', 'm5'],
      more: true,
      last_seq: 8,
    });
  });

  it('a contradictory or invalid query is VALIDATION_ERROR', async () => {
    for (const query of [
      'limit=',
      'limit=0',
      'limit=101',
      'skip=-1',
      'before_seq=3',
      'after_seq=3',
      'chat_id=x&recipient_id=usr_b',
      'chat_id=x&before_seq=1&after_seq=1',
      'chat_id=x&before_seq=a',
    ]) {
      const { status, body } = await m.ask('usr_a', 'get', `/messages/?${query}`);
      expect([status, body.code], query).to.deep.equal([400, 'VALIDATION_ERROR']);
    }
  });

  it('without a room, messages of all rooms of the caller are listed, newest first', async () => {
    await post('usr_l', { chat_id: 'mine1', content: 'one' });
    await post('usr_l', { chat_id: 'mine2', content: 'two' });
    await post('usr_l', { chat_id: 'mine1', content: 'three' });
    await post('usr_x', { chat_id: 'notmine', content: 'four' });
    const seen = await texts('usr_l', 'limit=3');
    expect(seen.texts).to.deep.equal(['three', 'two', 'one']);
  });

  it('an edit by the sender appends an event with the next seq; others may not edit', async () => {
    const { id, seq } = await post('usr_a', { chat_id: 'edits', content: 'old' });
    await m.ask('usr_b', 'put', `/messages/${id}`, { content: 'mine' }).expect(403);
    const { body } = await m.ask('usr_a', 'put', `/messages/${id}`, { content: 'new', is_edited: true }).expect(200);
    expect([body.content, body.is_edited, body.seq]).to.deep.equal(['new', true, seq]);
    await m.ask('usr_a', 'put', `/messages/${id}`, { content: 'new' }).expect(200);
    await m.ask('usr_a', 'put', `/messages/${id}`, { content: '' }).expect(400);
    const last = (await m.log('edits')).at(-1);
    expect(last).to.deep.equal({
      type: 'message_updated',
      chat_id: 'edits',
      seq: seq + 1,
      message_id: id,
      content: 'new',
      attachments: [],
      mentions: [],
      is_edited: true,
      updated_at: body.updated_at,
    });
  });

  it('deleting leaves a tombstone and removes the text from history, search, last_message and the log', async () => {
    const { id } = await post('usr_a', { chat_id: 'graves', content: 'secretword', attachments: ['file_1'] });
    await m.ask('usr_a', 'put', `/messages/${id}`, { content: 'secretword again' }).expect(200);
    await m.ask('usr_b', 'delete', `/messages/${id}`).expect(403);
    await m.ask('usr_a', 'delete', `/messages/${id}`).expect(204);
    await m.ask('usr_a', 'delete', `/messages/${id}`).expect(204);
    const frames = await m.log('graves');
    expect(frames.map(({ type }) => type)).to.deep.equal([
      'member_joined',
      'message',
      'message_updated',
      'message_deleted',
    ]);
    expect(JSON.stringify(frames)).to.not.include('secretword').and.not.include('file_1');
    expect(Object.keys(frames[1] as object)[0]).to.equal('type');
    const { body } = await m.ask('usr_a', 'get', `/messages/${id}`).expect(200);
    expect([body.content, body.is_deleted, body.attachments]).to.deep.equal(['', true, []]);
    const found = await m.ask('usr_a', 'get', '/messages/search?q=secretword').expect(200);
    expect(found.body).to.deep.equal({ messages: [], users: {}, has_more: false, next_cursor: null });
    const room = await m.ask('usr_a', 'get', '/rooms/graves').expect(200);
    expect(room.body.last_message).to.include({ id, content: '', is_deleted: true });
    await m.ask('usr_a', 'put', `/messages/${id}`, { content: 'back' }).expect(409);
    expect((await m.inside('get', '/internal/files/file_1/access?user_id=usr_a')).body).to.deep.equal({
      allowed: false,
    });
    await eventually(async () => (await m.ctx.db('outbox').where('name', 'messages.deleted')).length === 1);
  });

  it('room moderators and admins can delete messages of others', async () => {
    await post('usr_own', { chat_id: 'ruled', content: 'x' });
    const one = await post('usr_b', { chat_id: 'ruled', content: 'y' });
    const two = await post('usr_b', { chat_id: 'ruled', content: 'z' });
    const three = await post('usr_b', { chat_id: 'ruled', content: 'z' });
    await m.ask('usr_own', 'delete', `/messages/${one.id}`).expect(204);
    await m.ask('usr_root', 'delete', `/messages/${two.id}`, undefined, 'admin').expect(204);
    await m.inside('delete', `/internal/messages/${three.id}`, { actor_id: 'usr_root' }).expect(204);
    await m.inside('delete', '/internal/messages/msg_none', { actor_id: 'usr_root' }).expect(404);
  });

  it('a reaction counts once per user and emoji; one that changes nothing appends no event', async () => {
    const { id } = await post('usr_a', { chat_id: 'react', content: 'x' });
    const path = (emoji: string): string => `/messages/${id}/reactions/${encodeURIComponent(emoji)}`;
    await m.ask('usr_a', 'put', path('👍')).expect(204);
    await m.ask('usr_b', 'put', path('👍')).expect(204);
    await m.ask('usr_b', 'put', path('👍')).expect(204);
    await m.ask('usr_b', 'put', path('👩‍👩‍👧')).expect(204);
    await m.ask('usr_b', 'delete', path('👩‍👩‍👧')).expect(204);
    await m.ask('usr_b', 'delete', path('👩‍👩‍👧')).expect(204);
    for (const bad of ['a', '👍👍', '<b>', '7']) await m.ask('usr_a', 'put', path(bad)).expect(400);
    const { body } = await m.ask('usr_a', 'get', `/messages/${id}`);
    expect(body.reactions).to.deep.equal([{ emoji: '👍', count: 2, user_ids: ['usr_a', 'usr_b'], me: true }]);
    const events = (await m.log('react')).filter(({ type }) => type === 'reaction');
    expect(events.map(({ action, user_id }) => `${user_id} ${action}`)).to.deep.equal([
      'usr_a added',
      'usr_b added',
      'usr_b added',
      'usr_b removed',
    ]);
    expect(Object.keys(events[0] as object)).to.deep.equal([
      'type',
      'chat_id',
      'seq',
      'message_id',
      'user_id',
      'emoji',
      'action',
      'count',
    ]);
  });

  it('a thread counts its replies and lists them', async () => {
    const root = await post('usr_a', { chat_id: 'thread', content: 'root' });
    const reply = await post('usr_b', { chat_id: 'thread', content: 'r1', reply_to: root.id });
    await post('usr_b', { chat_id: 'thread', content: 'r2', reply_to: root.id });
    expect((await m.ask('usr_a', 'get', `/messages/${root.id}`)).body.thread_count).to.equal(2);
    expect((await texts('usr_a', `thread_of=${root.id}`)).texts).to.deep.equal(['r2', 'r1']);
    await m.ask('usr_b', 'delete', `/messages/${reply.id}`).expect(204);
    expect((await m.ask('usr_a', 'get', `/messages/${root.id}`)).body.thread_count).to.equal(1);
    await m.send('usr_a', { chat_id: 'elsewhere', content: 'x', reply_to: root.id }).expect(400);
  });

  it('a search finds whole words, only in public rooms and rooms of the caller', async () => {
    await m.ask('usr_s', 'post', '/rooms', { chat_id: 'hidden', visibility: 'private' }).expect(201);
    await post('usr_s', { chat_id: 'hidden', content: 'a walrus inside' });
    await post('usr_s', { chat_id: 'shown', content: 'a Walrus outside' });
    const find = async (user: string) =>
      (await m.ask(user, 'get', '/messages/search?q=walrus')).body.messages.map((one: any) => one.chat_id);
    expect(await find('usr_s')).to.deep.equal(['shown', 'hidden']);
    expect(await find('usr_b')).to.deep.equal(['shown']);
    await m.ask('usr_s', 'get', '/messages/search').expect(400);
    await m.ask('usr_s', 'get', `/messages/search?q=${'x'.repeat(201)}`).expect(400);
  });

  it('a search ignores case in any script', async () => {
    const words = ['École', 'ÜBUNG', 'Привет', 'ΑΘΉΝΑ'];
    await post('usr_s', { chat_id: 'scripts', content: words.join(' ') });
    for (const word of words) {
      const { messages } = (await m.ask('usr_s', 'get', `/messages/search?q=${encodeURIComponent(word.toLowerCase())}`))
        .body;
      expect(messages, word).to.have.length(1);
    }
  });

  it('a message of a private room is 404 for non-members', async () => {
    await m.ask('usr_a', 'post', '/rooms', { chat_id: 'deep', visibility: 'private' }).expect(201);
    const { id } = await post('usr_a', { chat_id: 'deep', content: 'x' });
    await m.ask('usr_b', 'get', `/messages/${id}`).expect(404);
    await m.ask('usr_b', 'put', `/messages/${id}`, { content: 'y' }).expect(404);
    await m.ask('usr_b', 'delete', `/messages/${id}`).expect(404);
    await m.ask('usr_b', 'put', `/messages/${id}/reactions/${encodeURIComponent('👍')}`).expect(404);
  });
});
