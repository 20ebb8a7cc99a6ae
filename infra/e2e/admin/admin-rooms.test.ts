// Rooms for admins, who need no membership, and for moderators, who may look.
import { expect } from 'chai';
import {
  type Account,
  type Json,
  loginAdmin,
  privateRoom,
  register,
  registerModerator,
  rest,
  say,
  unique,
} from '../support/client.ts';
import { expectError, expectInvalid } from '../support/expects.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

describe('rooms for admins', () => {
  let admin: Account;
  let mod: Account;
  let ann: Account;
  let room: string;
  before(async () => {
    [admin, mod, ann] = [await loginAdmin(), await registerModerator(), await register('ann')];
  });
  beforeEach(async () => {
    room = await privateRoom(ann, [], 'ruled');
  });
  afterEach(closeAll);
  const entriesOf = async (id: string): Promise<Json[]> =>
    (
      await rest(admin)
        .get(`/admin/audit-log?target_id=${encodeURIComponent(id)}`)
        .expect(200)
    ).body.entries;

  it('an admin renames, archives and hands over any room; each act is on record', async () => {
    const live = await connect(ann);
    const patch = { name: 'Renamed', topic: 'By an admin', visibility: 'public', archived: true };
    const { body } = await rest(admin).put(`/admin/rooms/${room}`, patch).expect(200);
    expect(body).to.include({ id: room, ...patch, member_count: 1 });
    expect(body.owner_ids).to.deep.equal([ann.id]);
    expect(await live.next('room_updated')).to.include({ chat_id: room, ...patch });
    expectError(await rest(ann).post('/messages/', { chat_id: room, content: 'x' }), 409, 'CONFLICT');
    await say(admin, { chat_id: room, content: 'Closed, see elsewhere' });
    await rest(admin).put(`/admin/rooms/${room}`, { archived: false, owner_id: mod.id }).expect(200);
    expect((await rest(mod).get(`/rooms/${room}`)).body.role).to.equal('owner');
    await rest(admin).delete(`/admin/rooms/${room}`).expect(204);
    expect(await live.next('room_removed')).to.include({ chat_id: room, deleted: true });
    expectError(await rest(admin).get(`/admin/rooms/${room}`), 404, 'RESOURCE_NOT_FOUND');
    const entries = await entriesOf(room);
    expect(entries.map(({ action, outcome }) => `${action} ${outcome}`)).to.deep.equal([
      'room.delete done',
      'room.update done',
      'room.update done',
    ]);
    expect(entries[2]).to.deep.include({ actor_id: admin.id, details: patch });
  });

  it('a moderator lists and reads them, without messages; everybody else sees nothing', async () => {
    await say(ann, { chat_id: room, content: 'secret words' });
    const { body } = await rest(mod).get(`/admin/rooms?search=${room.toUpperCase()}`).expect(200);
    expect(body.rooms.map(({ id, kind }: Json) => [id, kind])).to.deep.equal([[room, 'private']]);
    expect(JSON.stringify(body)).to.not.include('secret');
    await rest(mod).get(`/admin/rooms/${room}`).expect(200);
    for (const who of [mod, ann]) {
      expectError(await rest(who).put(`/admin/rooms/${room}`, { name: 'x' }), 403, 'AUTHORIZATION_ERROR');
      expectError(await rest(who).delete(`/admin/rooms/${room}`), 403, 'AUTHORIZATION_ERROR');
    }
    expectError(await rest(ann).get('/admin/rooms'), 403, 'AUTHORIZATION_ERROR');
    expectError(await rest(ann).get(`/admin/rooms/${room}`), 403, 'AUTHORIZATION_ERROR');
  });

  it('lists are filtered and paged, newest first', async () => {
    const stem = unique('page');
    for (let i = 0; i < 3; i++)
      await rest(ann)
        .post('/rooms', { chat_id: `${stem}.${i}` })
        .expect(201);
    await rest(ann).put(`/rooms/${stem}.1`, { archived: true }).expect(200);
    const list = async (query: string): Promise<Json> =>
      (await rest(admin).get(`/admin/rooms?search=${stem}&${query}`).expect(200)).body;
    const idsOf = ({ rooms }: Json): string[] => rooms.map(({ id }: Json) => id);
    const [first, second] = [await list('limit=2'), await list('limit=2&skip=2')];
    expect([idsOf(first), first.has_more]).to.deep.equal([[`${stem}.2`, `${stem}.1`], true]);
    expect([idsOf(second), second.has_more]).to.deep.equal([[`${stem}.0`], false]);
    expect(idsOf(await list('archived=true'))).to.deep.equal([`${stem}.1`]);
    expect(idsOf(await list('kind=direct'))).to.deep.equal([]);
    expectInvalid(await rest(admin).get('/admin/rooms?kind=none'), 'kind');
  });

  it('what general and direct rooms cannot be is a conflict; bad input names its field', async () => {
    const other = await register('other');
    const { chat_id } = await say(ann, { recipient_id: other.id, content: 'x' });
    const refused = [
      rest(admin).delete('/admin/rooms/general'),
      rest(admin).put('/admin/rooms/general', { visibility: 'private' }),
      rest(admin).put('/admin/rooms/general', { owner_id: ann.id }),
      rest(admin).delete(`/admin/rooms/${chat_id}`),
      rest(admin).put(`/admin/rooms/${chat_id}`, { name: 'x' }),
    ];
    for (const answer of refused) expectError(await answer, 409, 'CONFLICT');
    await rest(admin).put(`/admin/rooms/${chat_id}`, { archived: true }).expect(200);
    expectError(await rest(ann).post('/messages/', { chat_id, content: 'y' }), 409, 'CONFLICT');
    expectInvalid(await rest(admin).put(`/admin/rooms/${room}`, { name: 'x'.repeat(101) }), 'name');
    expectError(await rest(admin).put(`/admin/rooms/${room}`, {}), 400, 'VALIDATION_ERROR');
    expectError(await rest(admin).put(`/admin/rooms/${unique('none')}`, { name: 'x' }), 404, 'RESOURCE_NOT_FOUND');
    expectError(await rest(admin).put(`/admin/rooms/${room}`, { owner_id: 'usr_none' }), 404, 'RESOURCE_NOT_FOUND');
  });
});
