// What staff see of one user and of the members of a room.
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
import { expectError, expectInvalid, TIME } from '../support/expects.ts';
import '../support/shared-cluster.ts';

describe('one user, for staff', () => {
  let admin: Account;
  let mod: Account;
  let ann: Account;
  let room: string;
  before(async () => {
    [admin, mod, ann] = [await loginAdmin(), await registerModerator(), await register('ann')];
    room = await privateRoom(ann, [mod], 'seen');
  });
  const read = async (id: string, who = admin): Promise<Json> =>
    (await rest(who).get(`/admin/users/${id}`).expect(200)).body;

  it('is shown with counts, the last activity and open reports', async () => {
    await say(ann, { chat_id: room, content: 'one' });
    await say(ann, { chat_id: room, content: 'two' });
    await rest(ann).post('/files/upload').attach('file', Buffer.from('12345'), 'a.txt').expect(201);
    const report = { target_type: 'user', target_id: ann.id, reason: 'r' };
    await rest(mod).post('/reports', report).expect(201);
    const user = await read(ann.id);
    expect(user).to.include({ id: ann.id, email: ann.email, status: 'active', ban: null, open_reports: 1 });
    expect(user.last_seen_at).to.match(TIME);
    const { rooms, ...counts } = user.counts;
    expect(rooms, 'the room, and general').to.be.at.least(1);
    expect(counts).to.deep.equal({
      messages: 2,
      files: 1,
      file_bytes: 5,
      sessions: 1,
      reports_about: 1,
      reports_by: 0,
    });
    expect((await read(mod.id)).counts.reports_by).to.equal(1);
    const { reports } = (await rest(mod).get(`/admin/reports?about_user_id=${ann.id}`).expect(200)).body;
    expect(reports.map(({ reporter_id }: Json) => reporter_id)).to.deep.equal([mod.id]);
    expect((await rest(mod).get(`/admin/reports?reporter_id=${ann.id}`).expect(200)).body.reports).to.deep.equal([]);
    const [listed] = (await rest(admin).get(`/admin/users?search=${ann.username}`).expect(200)).body.users;
    const { counts: _, ...same } = user;
    expect(listed).to.deep.equal(same);
  });

  it('a ban is shown with its reason, its end, who banned and when', async () => {
    const { id } = await register('banned');
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await rest(admin).post(`/admin/users/${id}/ban`, { reason: 'spam', until }).expect(200);
    const { ban } = await read(id, mod);
    expect(ban).to.include({ reason: 'spam', until, by: admin.id });
    expect(ban.at).to.match(TIME);
    await rest(admin).post(`/admin/users/${id}/unban`).expect(200);
    expect((await read(id)).ban).to.equal(null);
  });

  it('has rooms for moderators, sessions and files for admins only', async () => {
    const lists: [string, string, Account][] = [
      ['rooms', 'rooms', mod],
      ['sessions', 'sessions', admin],
      ['files', 'files', admin],
    ];
    for (const [path, name, who] of lists) {
      const { body } = await rest(who).get(`/admin/users/${ann.id}/${path}`).expect(200);
      expect(body[name], path).to.not.deep.equal([]);
      expectError(await rest(ann).get(`/admin/users/${ann.id}/${path}`), 403, 'AUTHORIZATION_ERROR');
      expectError(await rest(admin).get(`/admin/users/usr_none/${path}`), 404, 'RESOURCE_NOT_FOUND');
    }
    const { rooms } = (await rest(mod).get(`/admin/users/${ann.id}/rooms`).expect(200)).body;
    expect(rooms[0]).to.include({ id: room, role: 'owner', kind: 'private' });
    const [session] = (await rest(admin).get(`/admin/users/${ann.id}/sessions`).expect(200)).body.sessions;
    expect(session).to.include.keys('ip', 'user_agent');
    const [file] = (await rest(admin).get(`/admin/users/${ann.id}/files?sort=size`).expect(200)).body.files;
    expect(file).to.include({ filename: 'a.txt', size: 5, uploaded_by: ann.id }).and.not.have.property('url');
    for (const path of ['sessions', 'files'])
      expectError(await rest(mod).get(`/admin/users/${ann.id}/${path}`), 403, 'AUTHORIZATION_ERROR');
    expectError(await rest(mod).get('/admin/users/usr_none'), 404, 'RESOURCE_NOT_FOUND');
    expectError(await rest(ann).get(`/admin/users/${ann.id}`), 403, 'AUTHORIZATION_ERROR');
  });

  it('hides email addresses from moderators', async () => {
    expect(JSON.stringify(await read(ann.id, mod))).to.not.include(ann.email);
  });

  it('users are listed by last activity and by name, by cursor too', async () => {
    const stem = unique('sorted').replace('-', '');
    const [b, a, c] = [await register(`${stem}b`), await register(`${stem}a`), await register(`${stem}c`)];
    const walk = async (sort: string): Promise<string[]> => {
      const ids: string[] = [];
      for (let cursor = ''; ; ) {
        const path = `/admin/users?search=${stem}&sort=${sort}&limit=1${cursor}`;
        const { body } = await rest(admin).get(path).expect(200);
        ids.push(...body.users.map(({ id }: Json) => id));
        if (body.next_cursor === null) return ids;
        cursor = `&cursor=${body.next_cursor}`;
      }
    };
    expect(await walk('username')).to.deep.equal([a.id, b.id, c.id]);
    expect(await walk('created')).to.deep.equal([c.id, a.id, b.id]);
    expect(await walk('last_seen')).to.deep.equal([c.id, a.id, b.id]);
    const { next_cursor } = (await rest(admin).get('/admin/users?limit=1').expect(200)).body;
    expectInvalid(await rest(admin).get(`/admin/users?sort=username&cursor=${next_cursor}`), 'cursor');
  });

  it('rooms are listed by activity; members by their time in the room', async () => {
    const stem = unique('active');
    const chats = [`${stem}.0`, `${stem}.1`];
    for (const chat_id of chats) await rest(ann).post('/rooms', { chat_id }).expect(201);
    await say(ann, { chat_id: chats[0], content: 'latest' });
    const walk = `/admin/rooms?search=${stem}&sort=active&limit=1`;
    const first = (await rest(mod).get(walk).expect(200)).body;
    const second = (await rest(mod).get(`${walk}&cursor=${first.next_cursor}`).expect(200)).body;
    expect([first.rooms[0].id, second.rooms[0].id]).to.deep.equal(chats);
    const { members } = (await rest(mod).get(`/admin/rooms/${room}/members`).expect(200)).body;
    expect(members.map(({ user_id, role }: Json) => [user_id, role])).to.deep.equal([
      [ann.id, 'owner'],
      [mod.id, 'member'],
    ]);
    expectError(await rest(mod).get(`/admin/rooms/${unique('none')}/members`), 404, 'RESOURCE_NOT_FOUND');
    expectError(await rest(ann).get(`/admin/rooms/${room}/members`), 403, 'AUTHORIZATION_ERROR');
  });
});
