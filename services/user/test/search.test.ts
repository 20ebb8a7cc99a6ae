import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { upsertAccounts } from '../src/profile-store.ts';
import { account, openUser, type User } from './harness.ts';

describe('search', () => {
  let user: User;
  before(async () => {
    user = await openUser();
    for (const [name, shown] of [
      ['anna', 'Änne'],
      ['Bob_1', 'The Builder'],
      ['bobx1', '100%'],
      ['carl', 'back\\slash'],
    ] as const) {
      await upsertAccounts(user.ctx.db, [
        { ...account(`usr_${name}`, { email: `secret-${name}@hidden.example` }), display_name: shown },
      ]);
    }
  });
  after(() => user?.close());
  const found = async (query: string): Promise<string[]> =>
    (await user.ask('get', `/users?${query}`, user.as('usr_anna'))).body.users.map(
      (u: { username: string }) => u.username,
    );

  it('matches username and display name in any case', async () => {
    expect(await found('search=BOB')).to.deep.equal(['Bob_1', 'bobx1']);
    expect(await found('search=builder')).to.deep.equal(['Bob_1']);
    expect(await found(`search=${encodeURIComponent('ÄNNE')}`)).to.deep.equal(['anna']);
    expect(await found('search=')).to.have.length(4);
  });

  it('makes no difference of accents, apostrophes and invisible characters', async () => {
    await upsertAccounts(user.ctx.db, [{ ...account('usr_patrick'), display_name: 'Pátrick O’Brien' }]);
    for (const q of ['patrick', "O'Brien", 'oʼbrien', 'PA\u0301TRICK', 'pat\u00adrick', 'Ｐａｔｒｉｃｋ'])
      expect(await found(`search=${encodeURIComponent(q)}`), q).to.deep.equal(['patrick']);
    await user.ctx.db('profiles').where('user_id', 'usr_patrick').delete();
  });

  it('finds a name that an older version wrote, at once by its case and soon by its fold', async () => {
    await upsertAccounts(user.ctx.db, [{ ...account('usr_old'), display_name: 'Before' }]);
    await user.ctx.db('profiles').where('user_id', 'usr_old').update({ display_name: 'Ünal', display_key: 'ünal' });
    expect(await found(`search=${encodeURIComponent('ÜNAL')}`)).to.deep.equal(['old']);
    expect(await found('search=before')).to.deep.equal([]);
    await eventually(async () => (await found('search=unal')).length === 1);
    await user.ctx.db('profiles').where('user_id', 'usr_old').delete();
  });

  it('treats `%`, `_` and `\\` as literal characters', async () => {
    expect(await found('search=b_1')).to.deep.equal(['Bob_1']);
    expect(await found('search=%25')).to.deep.equal(['bobx1']);
    expect(await found('search=%5C')).to.deep.equal(['carl']);
    expect(await found(`search=${encodeURIComponent("' or 1=1 --")}`)).to.deep.equal([]);
  });

  it('never matches or shows an email', async () => {
    expect(await found('search=hidden')).to.deep.equal([]);
    expect(await found('search=usr_')).to.deep.equal([]);
    const { body } = await user.ask('get', '/users?search=bob', user.as('usr_anna'));
    expect(JSON.stringify(body)).to.not.include('hidden.example');
  });

  it('pages with an exact has_more', async () => {
    const pageOf = async (query: string) => (await user.ask('get', `/users/?${query}`, user.as('usr_anna'))).body;
    expect(await pageOf('limit=3')).to.include({ has_more: true });
    expect((await pageOf('limit=3&skip=3')).users).to.have.length(1);
    expect(await pageOf('limit=4')).to.include({ has_more: false });
    const first = await pageOf('limit=3');
    const second = await pageOf(`limit=3&cursor=${first.next_cursor}`);
    expect(second).to.include({ has_more: false, next_cursor: null });
    expect([...first.users, ...second.users].map(({ username }) => username)).to.deep.equal(await found('search='));
    for (const bad of ['limit=0', 'limit=101', 'skip=-1', 'limit=', 'cursor=x', 'searched=x', 'skip=10001'])
      expect((await pageOf(bad)).code).to.equal('VALIDATION_ERROR');
  });
});
