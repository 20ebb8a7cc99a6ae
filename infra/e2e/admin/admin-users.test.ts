// The list of users for admins and moderators.
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, register, registerModerator, rest, unique } from '../support/client.ts';
import { gateway } from '../support/cluster.ts';
import { expectError, expectInvalid } from '../support/expects.ts';
import '../support/shared-cluster.ts';

describe('the list of users', () => {
  let admin: Account;
  let mod: Account;
  before(async () => {
    [admin, mod] = [await loginAdmin(), await registerModerator()];
  });
  const list = async (query: string, who = admin): Promise<Json> =>
    (await rest(who).get(`/admin/users?${query}`).expect(200)).body;
  const make = async (username: string, email: string): Promise<Json> => {
    const body = { username, email, password: 'copper-violet-meadow-27' };
    return (await rest(undefined, gateway()).post('/users/register', body).expect(201)).body.user;
  };

  it('matches % and _ in a search literally', async () => {
    const stem = unique('lit').replace('-', '');
    const [under, plain] = [
      await make(`${stem}_a`, `${stem}.1@example.com`),
      await make(`${stem}xa`, `${stem}.2@example.com`),
    ];
    const ids = async (search: string): Promise<string[]> =>
      (await list(`search=${encodeURIComponent(search)}`)).users.map((u: Json) => u.id);
    expect(await ids(`${stem}_a`)).to.deep.equal([under.id]);
    expect(await ids(`${stem.toUpperCase()}XA`)).to.deep.equal([plain.id]);
    for (const none of [`${stem}%a`, '%', `${stem}\\_a`, "' or 1=1 --"]) expect(await ids(none)).to.deep.equal([]);
  });

  it('hides email addresses from moderators, also in searches', async () => {
    const secret = unique('address').replace('-', '');
    const user = await make(unique('named'), `${secret}@example.com`);
    expect((await list(`search=${secret}`)).users.map((u: Json) => u.id)).to.deep.equal([user.id]);
    for (const search of [secret, `${secret}@example.com`, 'example.com'])
      expect((await list(`search=${encodeURIComponent(search)}`, mod)).total).to.equal(0);
    const [seen] = (await list(`search=${user.username}`, mod)).users;
    expect(seen.id).to.equal(user.id);
    expect(seen).to.not.have.property('email');
    expect(JSON.stringify(seen)).to.not.include(secret);
  });

  it('is filtered and paged, newest first, with an exact total', async () => {
    const stem = unique('page').replace('-', '');
    const made: Json[] = [];
    for (let i = 0; i < 5; i++) made.push(await make(`${stem}.${i}`, `${stem}.${i}@example.com`));
    await rest(admin).post(`/admin/users/${made[1].id}/ban`).expect(200);
    await rest(admin).put(`/admin/users/${made[3].id}/role`, { role: 'moderator' }).expect(200);
    const pages = [await list(`search=${stem}&limit=3`), await list(`search=${stem}&limit=3&skip=3`)];
    expect(pages.map(({ total, has_more }) => [total, has_more])).to.deep.equal([
      [5, true],
      [5, false],
    ]);
    expect(pages.flatMap(({ users }) => users.map((u: Json) => u.id))).to.deep.equal(
      made.map(({ id }) => id).reverse(),
    );
    expect((await list(`search=${stem}&status_filter=banned`)).users.map((u: Json) => u.id)).to.deep.equal([
      made[1].id,
    ]);
    expect((await list(`search=${stem}&role_filter=moderator`)).users.map((u: Json) => u.id)).to.deep.equal([
      made[3].id,
    ]);
    expect((await list(`search=${stem}&role_filter=user&status_filter=active`)).total).to.equal(3);
    expectInvalid(await rest(admin).get('/admin/users?limit=101'), 'limit');
    expectInvalid(await rest(admin).get('/admin/users?role_filter=odd'), 'role_filter');
  });

  it('can be read by moderators, who cannot change users', async () => {
    for (const path of [
      '/admin/dashboard/stats',
      '/admin/audit-log',
      '/admin/system/health',
      '/admin/reports',
      '/admin/word-filter',
    ])
      await rest(mod).get(path).expect(200);
    const { id } = await register('victim');
    for (const act of [
      rest(mod).post(`/admin/users/${id}/ban`),
      rest(mod).post(`/admin/users/${id}/unban`),
      rest(mod).put(`/admin/users/${id}/role`, { role: 'admin' }),
      rest(mod).post(`/admin/users/${id}/unlock`),
      rest(mod).delete(`/admin/users/${id}/sessions`),
      rest(mod).delete('/admin/messages/msg_x'),
      rest(mod).post('/admin/dashboard/stats/rebuild'),
    ])
      expectError(await act, 403, 'AUTHORIZATION_ERROR');
    await rest(admin).get(`/users/${id}`).expect(200);
  });
});
