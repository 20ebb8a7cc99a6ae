// Search over all rooms for legal requests, and the lists of what is stored.
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
import '../support/shared-cluster.ts';

describe('what admins find', () => {
  let admin: Account;
  let ann: Account;
  let bob: Account;
  before(async () => {
    [admin, ann, bob] = [await loginAdmin(), await register('ann'), await register('bob')];
  });

  it('messages of all rooms, by person, room and time, each search on record', async () => {
    const word = unique('word').replace('-', '');
    const rooms = [await privateRoom(ann, [], 'one'), await privateRoom(bob, [], 'two')];
    const first = await say(ann, { chat_id: rooms[0], content: `${word} of ann` });
    const second = await say(bob, { chat_id: rooms[1], content: `${word} of bob` });
    const gone = await say(bob, { chat_id: rooms[1], content: `${word} deleted` });
    await rest(bob).delete(`/messages/${gone.id}`).expect(204);
    const find = async (more = ''): Promise<Json> =>
      (await rest(admin).get(`/admin/messages/search?q=${word}&reason=order${more}`).expect(200)).body;
    const ids = async (more = ''): Promise<string[]> => (await find(more)).messages.map(({ id }: Json) => id);
    expect(await ids()).to.deep.equal([second.id, first.id]);
    expect(await ids(`&sender_id=${ann.id}`)).to.deep.equal([first.id]);
    expect(await ids(`&chat_id=${rooms[1]}`)).to.deep.equal([second.id]);
    expect(await ids(`&to=${second.created_at}`)).to.deep.equal([first.id]);
    expect(await ids(`&from=${second.created_at}`)).to.deep.equal([second.id]);
    const page = await find('&limit=1');
    expect(page.users).to.have.all.keys(bob.id);
    expect(await ids(`&limit=1&cursor=${page.next_cursor}`)).to.deep.equal([first.id]);
    const path = `/admin/audit-log?action=messages.search&actor_id=${admin.id}`;
    const { entries } = (await rest(admin).get(path).expect(200)).body;
    const mine = entries.filter(({ details }: Json) => details.text === word);
    expect(mine).to.have.length(7);
    expect(mine[0].details).to.include({ reason: 'order' });
    expectInvalid(await rest(admin).get(`/admin/messages/search?q=${word}`), 'reason');
    expectError(await rest(ann).get(`/admin/messages/search?q=${word}&reason=x`), 403, 'AUTHORIZATION_ERROR');
  });

  it('the largest files, and exports, without links', async () => {
    for (const size of [10, 30_000, 20])
      await rest(ann).post('/files/upload').attach('file', Buffer.alloc(size, 'x'), `${size}.txt`).expect(201);
    const { files } = (await rest(admin).get('/admin/files?sort=size&limit=100').expect(200)).body;
    const sizes = files.map(({ size }: Json) => size);
    expect(sizes).to.deep.equal(sizes.toSorted((a: number, b: number) => b - a));
    expect(sizes).to.include(30_000);
    const newest = (await rest(admin).get('/admin/files?limit=1').expect(200)).body;
    expect(newest.files[0]).to.include({ filename: '20.txt', uploaded_by: ann.id }).and.not.have.property('url');
    const next = (await rest(admin).get(`/admin/files?limit=1&cursor=${newest.next_cursor}`).expect(200)).body;
    expect(next.files[0].filename).to.equal('30000.txt');
    expectInvalid(await rest(admin).get(`/admin/files?sort=size&cursor=${newest.next_cursor}`), 'cursor');
    const made = (await rest(admin).post(`/admin/users/${ann.id}/export`).expect(202)).body;
    const { exports } = (await rest(admin).get('/admin/exports').expect(200)).body;
    expect(exports[0]).to.include({ id: made.id, user_id: ann.id });
    const mod = await registerModerator();
    for (const path of ['/admin/files', '/admin/exports'])
      expectError(await rest(mod).get(path), 403, 'AUTHORIZATION_ERROR');
  });
});
