// Rooms that lost their owner, over both gateways and both nodes.

import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, privateRoom, register, rest, say, unique } from '../support/client.ts';
import { gateways, nodes } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

describe('a room without an owner', () => {
  let ann: Account;
  let bob: Account;
  let cat: Account;
  let room: string;
  before(async () => {
    [ann, bob, cat] = [await register('ann'), await register('bob'), await register('cat')];
  });
  beforeEach(async () => {
    room = unique('abandoned');
    await say(ann, { chat_id: room, content: 'mine' });
  });
  afterEach(closeAll);
  const leave = (who: Account) => rest(who).post(`/rooms/${room}/leave`).expect(204);
  const roleOf = async (who: Account): Promise<string> => (await rest(who).get(`/rooms/${room}`).expect(200)).body.role;

  it('belongs to who joins first, who can do what an owner can', async () => {
    await leave(ann);
    const live = await connect(bob);
    await rest(bob, gateways().at(-1)).post(`/rooms/${room}/join`).expect(204);
    expect(await live.next('room_joined')).to.include({ chat_id: room, role: 'owner' });
    expect(await live.next('member_joined')).to.include({ chat_id: room, user_id: bob.id, role: 'owner' });
    await rest(ann).post(`/rooms/${room}/join`).expect(204);
    expect([await roleOf(bob), await roleOf(ann)]).to.deep.equal(['owner', 'member']);
    await rest(bob).put(`/rooms/${room}`, { name: 'Taken over' }).expect(200);
    await rest(bob).delete(`/rooms/${room}`).expect(204);
  });

  it('belongs to who posts first, from a socket of any node', async () => {
    for (const [i, url] of nodes().entries()) {
      const who = i % 2 === 0 ? bob : cat;
      await leave(i === 0 ? ann : i % 2 === 0 ? cat : bob);
      const live = await connect(who, url);
      live.send({ message: 'anybody?', chat_id: room, client_id: `first-${i}` });
      await live.next('ack');
      expect(await roleOf(who)).to.equal('owner');
    }
  });

  it('belongs to exactly one of those who come at the same time', async () => {
    await leave(ann);
    const people = [ann, bob, cat];
    const lives = await Promise.all(people.map((who, i) => connect(who, nodes()[i % nodes().length])));
    for (const live of lives) live.send({ message: 'first!', chat_id: room, client_id: 'race' });
    await Promise.all(lives.map((live) => live.next('ack')));
    const roles = await Promise.all(people.map(roleOf));
    expect(roles.sort()).to.deep.equal(['member', 'member', 'owner']);
  });

  it('that an erased account left behind belongs to who comes next', async () => {
    const gone = await register('gone');
    room = unique('erased');
    await say(gone, { chat_id: room, content: 'x' });
    await rest(gone).delete('/users/me', { password: gone.password }).expect(204);
    await eventually(async () => expect((await rest(bob).get(`/rooms/${room}`)).body.member_count).to.equal(0), 10_000);
    await say(bob, { chat_id: room, content: 'y' });
    expect(await roleOf(bob)).to.equal('owner');
  });

  it('is never general', async () => {
    await say(bob, { chat_id: 'general', content: 'x' });
    expect((await rest(bob).get('/rooms/general').expect(200)).body.role).to.equal('member');
  });

  it('that is archived can be read and left, and nothing else', async () => {
    const { id } = await say(ann, { chat_id: room, content: 'last words' });
    await say(bob, { chat_id: room, content: 'yes' });
    const live = await connect(bob);
    expect((await rest(ann).put(`/rooms/${room}`, { archived: true }).expect(200)).body.archived).to.equal(true);
    expect(await live.next('room_updated')).to.include({ chat_id: room, archived: true });
    const like = `/messages/${id}/reactions/${encodeURIComponent('👍')}`;
    for (const refused of [
      rest(bob).post('/messages/', { chat_id: room, content: 'x' }),
      rest(ann).put(`/messages/${id}`, { content: 'x' }),
      rest(bob).put(like),
      rest(ann).delete(`/messages/${id}`),
      rest(cat).post(`/rooms/${room}/join`),
    ])
      expect(expectError(await refused, 409, 'CONFLICT').details).to.deep.equal({ reason: 'archived' });
    live.send({ message: 'x', chat_id: room, client_id: 'refused' });
    expect(await live.next('error')).to.deep.include({ code: 'CONFLICT', details: { reason: 'archived' } });
    const idsOf = async (path: string): Promise<string[]> =>
      (await rest(bob).get(path).expect(200)).body.rooms.map((r: Json) => r.id);
    expect(await idsOf('/rooms?limit=100')).to.not.include(room);
    expect(await idsOf('/rooms?limit=100&archived=true')).to.include(room);
    await rest(bob).get(`/messages/?chat_id=${room}`).expect(200);
    await leave(bob);
    await rest(ann).put(`/rooms/${room}`, { archived: false }).expect(200);
    await say(bob, { chat_id: room, content: 'back' });
  });

  it('does not forget what a former member has read', async () => {
    const own = await privateRoom(ann, [bob]);
    for (let i = 0; i < 5; i++) await say(ann, { chat_id: own, content: `m${i}` });
    await rest(bob).put(`/rooms/${own}/read`, { seq: 7 }).expect(204);
    await rest(ann).delete(`/rooms/${own}/members/${bob.id}`).expect(204);
    await rest(ann).post(`/rooms/${own}/members`, { user_id: bob.id }).expect(201);
    expect((await rest(bob).get(`/rooms/${own}`)).body).to.include({ read_seq: 7, unread_count: 0 });
  });

  it('takes no messages to a deleted user, by REST and socket, and says so', async () => {
    const gone = await register('gone');
    const { chat_id } = await say(ann, { recipient_id: gone.id, content: 'one' });
    const live = await connect(ann);
    await rest(gone).delete('/users/me', { password: gone.password }).expect(204);
    await live.next('room_updated', (frame) => frame.recipient_deleted === true, 10_000);
    for (const to of [{ recipient_id: gone.id }, { chat_id }])
      for (const url of gateways())
        expectError(await rest(ann, url).post('/messages/', { ...to, content: 'two' }), 404, 'RESOURCE_NOT_FOUND');
    live.send({ message: 'three', recipient_id: gone.id, client_id: 'three' });
    expect(await live.next('error')).to.include({ code: 'RESOURCE_NOT_FOUND', client_id: 'three' });
    const { body } = await rest(ann).get(`/rooms/${chat_id}`).expect(200);
    expect(body).to.include({ recipient_id: gone.id, recipient_deleted: true });
  });
});
