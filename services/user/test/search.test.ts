import { expect } from 'chai';
import { keepAccount } from '../src/profile-store.ts';
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
      await keepAccount(user.ctx.db, account(`usr_${name}`, { email: `secret-${name}@hidden.example` }), shown);
    }
  });
  after(() => user?.close());
  const found = async (query: string): Promise<string[]> =>
    (await user.ask('get', `/users?${query}`, user.as('usr_anna'))).body.users.map(
      (u: { username: string }) => u.username,
    );

  it('matches username and display name without regard to case', async () => {
    expect(await found('search=BOB')).to.deep.equal(['Bob_1', 'bobx1']);
    expect(await found('search=builder')).to.deep.equal(['Bob_1']);
    expect(await found(`search=${encodeURIComponent('ÄNNE')}`)).to.deep.equal(['anna']);
    expect(await found('search=')).to.have.length(4);
  });

  it('takes `%`, `_` and `\\` for themselves', async () => {
    expect(await found('search=b_1')).to.deep.equal(['Bob_1']);
    expect(await found('search=%25')).to.deep.equal(['bobx1']);
    expect(await found('search=%5C')).to.deep.equal(['carl']);
    expect(await found(`search=${encodeURIComponent("' or 1=1 --")}`)).to.deep.equal([]);
  });

  it('never matches or shows an address', async () => {
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
    for (const bad of ['limit=0', 'limit=101', 'skip=-1', 'limit='])
      expect((await pageOf(bad)).code).to.equal('VALIDATION_ERROR');
  });
});
