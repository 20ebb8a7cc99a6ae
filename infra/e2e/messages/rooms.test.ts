import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, register, rest, say, unique } from '../support/client.ts';
import { nodes } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

const ROOM_KEYS = [
  'id',
  'chat_id',
  'name',
  'topic',
  'visibility',
  'role',
  'member_count',
  'last_seq',
  'read_seq',
  'unread_count',
  'last_message',
  'created_at',
  'updated_at',
];

describe('rooms', () => {
  let ann: Account;
  let bob: Account;
  let room: string;
  before(async () => {
    [ann, bob] = [await register('ann'), await register('bob')];
  });
  beforeEach(() => {
    room = unique('room');
  });
  afterEach(closeAll);
  const roomOf = async (who: Account, id = room): Promise<Json> =>
    (await rest(who).get(`/rooms/${id}`).expect(200)).body;

  it('are created by POST, with one member_joined per first member', async () => {
    const make = { chat_id: room, name: 'A room', visibility: 'private', member_ids: [bob.id] };
    const { body } = await rest(ann).post('/rooms', make).expect(201);
    expect(body).to.include.all.keys(ROOM_KEYS);
    expect(body).to.include({ id: room, chat_id: room, name: 'A room', visibility: 'private', role: 'owner' });
    expect(body).to.include({ member_count: 2, last_seq: 2, last_message: null });
    expect((await roomOf(bob)).role).to.equal('member');
    expectError(await rest(bob).post('/rooms', make), 409, 'CONFLICT');
    const made = (await rest(ann).post('/rooms', { visibility: 'public' }).expect(201)).body;
    expect(made.chat_id).to.match(/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/);
  });

  it('are created by posting: public, owned by the poster; a second poster joins', async () => {
    await say(ann, { chat_id: room, content: 'first' });
    expect(await roomOf(ann)).to.include({ visibility: 'public', role: 'owner', member_count: 1 });
    expect(await roomOf(bob)).to.include({ role: null });
    await say(bob, { chat_id: room, content: 'second' });
    expect(await roomOf(bob)).to.include({ role: 'member', member_count: 2 });
  });

  it('cannot have reserved names', async () => {
    for (const chat_id of ['-a', 'a b', 'a'.repeat(65), 'a/b', ''])
      expectError(await rest(ann).post('/messages/', { chat_id, content: 'x' }), 400, 'VALIDATION_ERROR');
    expectError(await rest(ann).post('/rooms', { chat_id: 'dm:a', visibility: 'public' }), 400, 'VALIDATION_ERROR');
    // As for other users' conversations: their existence is private.
    const pair = { chat_id: 'dm:x:y', content: 'x' };
    expectError(await rest(ann).post('/messages/', pair), 404, 'RESOURCE_NOT_FOUND');
    expectError(await rest(ann).post('/messages/', { content: 'x' }), 400, 'VALIDATION_ERROR');
    const both = { chat_id: room, recipient_id: bob.id, content: 'x' };
    expectError(await rest(ann).post('/messages/', both), 400, 'VALIDATION_ERROR');
    expectError(
      await rest(ann).post('/messages/', { recipient_id: 'usr_nobody', content: 'x' }),
      404,
      'RESOURCE_NOT_FOUND',
    );
  });

  it('count unread messages, and read positions never go back', async () => {
    await rest(ann)
      .post('/rooms', { chat_id: room, visibility: 'public', member_ids: [bob.id] })
      .expect(201);
    const sent = [];
    for (const content of ['one', 'two', 'three']) sent.push(await say(ann, { chat_id: room, content }));
    expect(await roomOf(bob)).to.include({ unread_count: 3, last_seq: 5 });
    expect((await roomOf(bob)).last_message).to.include({ id: sent[2].id, content: 'three' });
    expect(await roomOf(ann)).to.include({ unread_count: 0 });
    const read = (seq: number) => rest(bob).put(`/rooms/${room}/read`, { seq }).expect(204);
    await read(sent[1].seq);
    expect(await roomOf(bob)).to.include({ unread_count: 1, read_seq: sent[1].seq });
    await read(1);
    expect(await roomOf(bob)).to.include({ unread_count: 1, read_seq: sent[1].seq });
    await rest(ann).delete(`/messages/${sent[2].id}`).expect(204);
    expect(await roomOf(bob)).to.include({ unread_count: 0 });
    await read(1_000_000);
    const after = await roomOf(bob);
    expect(after.read_seq).to.equal(after.last_seq);
  });

  it('are listed by latest activity; public ones can be searched, private ones not', async () => {
    const [older, hidden] = [unique('older'), unique('hidden')];
    await say(ann, { chat_id: older, content: 'x' });
    await rest(ann).post('/rooms', { chat_id: hidden, visibility: 'private' }).expect(201);
    await say(ann, { chat_id: room, content: 'x' });
    const list = (await rest(ann).get('/rooms?limit=3').expect(200)).body;
    expect(list.rooms.map((r: Json) => r.id)).to.deep.equal([room, hidden, older]);
    expect(list.has_more).to.equal(true);
    const found = async (text: string): Promise<string[]> =>
      (await rest(bob).get(`/rooms/public?search=${text}`).expect(200)).body.rooms.map((r: Json) => r.id);
    expect(await found(older)).to.deep.equal([older]);
    expect(await found(hidden)).to.deep.equal([]);
    expect((await rest(ann).get('/rooms?limit=100').expect(200)).body.rooms.map((r: Json) => r.id)).to.include(
      'general',
    );
  });

  it('that are private are 404 for others on every route', async () => {
    await rest(ann).post('/rooms', { chat_id: room, visibility: 'private' }).expect(201);
    const { id } = await say(ann, { chat_id: room, content: 'secret' });
    for (const answer of [
      await rest(bob).get(`/rooms/${room}`),
      await rest(bob).get(`/rooms/${room}/members`),
      await rest(bob).post(`/rooms/${room}/join`),
      await rest(bob).get(`/messages/?chat_id=${room}`),
      await rest(bob).get(`/messages/${id}`),
      await rest(bob).post('/messages/', { chat_id: room, content: 'x' }),
      await rest(bob).put(`/messages/${id}/reactions/${encodeURIComponent('👍')}`),
      await rest(bob).put(`/rooms/${room}`, { name: 'mine' }),
    ])
      expectError(answer, 404, 'RESOURCE_NOT_FOUND');
  });

  it('that are direct are visible to both users only', async () => {
    const eve = await register('eve');
    const there = await say(ann, { recipient_id: bob.id, content: 'to bob' });
    const back = await say(bob, { recipient_id: ann.id, content: 'to ann' });
    expect(back.chat_id).to.equal(there.chat_id);
    expect(there).to.include({ recipient_id: bob.id });
    expectError(await rest(eve).get(`/messages/?chat_id=${there.chat_id}`), 404, 'RESOURCE_NOT_FOUND');
    expectError(await rest(eve).get('/rooms/dm:no:such'), 404, 'RESOURCE_NOT_FOUND');
    expect((await rest(ann).post(`/rooms/${there.chat_id}/members`, { user_id: eve.id })).status).to.be.oneOf([
      400, 403,
    ]);
    const note = await say(ann, { recipient_id: ann.id, content: 'to myself' });
    expect(note.chat_id).to.not.equal(there.chat_id);
  });

  it('stay deleted: the id is 404 and stays taken', async () => {
    await say(ann, { chat_id: room, content: 'x' });
    await rest(ann).delete(`/rooms/${room}`).expect(204);
    expectError(await rest(ann).get(`/rooms/${room}`), 404, 'RESOURCE_NOT_FOUND');
    expectError(await rest(ann).get(`/messages/?chat_id=${room}`), 404, 'RESOURCE_NOT_FOUND');
    expectError(await rest(ann).post('/messages/', { chat_id: room, content: 'x' }), 404, 'RESOURCE_NOT_FOUND');
    expectError(await rest(ann).post('/rooms', { chat_id: room, visibility: 'public' }), 409, 'CONFLICT');
  });

  it('notify sockets of joins and removals, and stop events at once for a removed member', async () => {
    await rest(ann).post('/rooms', { chat_id: room, visibility: 'private' }).expect(201);
    const [a, b] = [await connect(ann, nodes()[0]), await connect(bob, nodes()[1])];
    await rest(ann).post(`/rooms/${room}/members`, { user_id: bob.id }).expect(201);
    expect(await b.next('room_joined', (f) => f.chat_id === room)).to.be.an('object');
    expect(await a.next('member_joined', (f) => f.chat_id === room && f.user_id === bob.id)).to.include({ seq: 2 });
    await say(ann, { chat_id: room, content: 'hi bob' });
    await b.next('message', (f) => f.chat_id === room);
    await rest(ann).delete(`/rooms/${room}/members/${bob.id}`).expect(204);
    await b.next('room_removed', (f) => f.chat_id === room, 1000);
    await a.next('member_left', (f) => f.chat_id === room && f.user_id === bob.id);
    await say(ann, { chat_id: room, content: 'not for bob' });
    await b.never('message', 300, (f) => f.chat_id === room);
    await eventually(async () => void expectError(await rest(bob).get(`/rooms/${room}`), 404, 'RESOURCE_NOT_FOUND'));
  });

  it('include general, which all users are in and nobody can join or leave', async () => {
    expect(await roomOf(await register('newcomer'), 'general')).to.include({ role: 'member' });
    for (const way of ['join', 'leave'])
      expect((await rest(ann).post(`/rooms/general/${way}`)).status, way).to.be.oneOf([204, 403]);
    expect(await roomOf(ann, 'general')).to.include({ role: 'member' });
  });
});
