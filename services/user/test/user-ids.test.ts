import { expect } from 'chai';
import { handlers } from '../src/facts.ts';
import { account, at, openUser, type User } from './harness.ts';

describe('users by ids', () => {
  let user: User;
  before(async () => {
    user = await openUser();
    const people = ['ann', 'bob', 'carl', 'gone'].map((name) => ({ ...account(`usr_${name}`), display_name: name }));
    await user.ctx.db.transaction((trx) => handlers['account.created']?.(people, trx) as Promise<void>);
    await user.ctx.db.transaction(
      (trx) => handlers['account.erased']?.([{ user_id: 'usr_gone', erased_at: at(1) }], trx) as Promise<void>,
    );
  });
  after(() => user?.close());

  const list = (query: string, as = user.as('usr_ann')) => user.ask('get', `/users?${query}`, as);
  const idsOf = ({ body }: { body: any }) => body.users.map(({ id }: { id: string }) => id);

  it('come in the order asked, each once, with presence and without private fields of others', async () => {
    const response = await list('ids=usr_carl,usr_ann,usr_carl,usr_none,usr_bob');
    expect(response.status).to.equal(200);
    expect(idsOf(response)).to.deep.equal(['usr_carl', 'usr_ann', 'usr_bob']);
    const [carl, ann] = response.body.users;
    expect(carl).to.have.property('presence');
    expect(carl).to.not.have.property('email');
    expect(ann.email).to.equal('usr_ann@example.com');
    expect([response.body.has_more, response.body.next_cursor]).to.deep.equal([false, null]);
  });

  it('are found before their facts arrive, and erased ones are not asked for', async () => {
    user.accounts.set('usr_fresh', { ...account('usr_fresh'), display_name: 'Fresh' });
    user.asked.length = 0;
    expect(idsOf(await list('ids=usr_fresh,usr_gone,usr_ann'))).to.deep.equal(['usr_fresh', 'usr_ann']);
    expect(user.asked).to.deep.equal(['usr_fresh']);
  });

  it('who are known are answered while auth is away', async () => {
    user.authFails = true;
    expect(idsOf(await list('ids=usr_unheard,usr_bob'))).to.deep.equal(['usr_bob']);
    user.authFails = false;
  });

  it('more than 100, a wrong id, none, or a search beside them is VALIDATION_ERROR', async () => {
    const many = (n: number) => Array.from({ length: n }, (_, i) => `usr_${i}`).join();
    expect((await list(`ids=${many(100)}`)).status).to.equal(200);
    for (const wrong of [
      `ids=${many(101)}`,
      'ids=',
      'ids=usr_a,',
      'ids=msg_1',
      'ids=usr_a&search=x',
      'ids=usr_a&ids=usr_b',
    ]) {
      const { status, body } = await list(wrong);
      expect([status, body.code], wrong).to.deep.equal([400, 'VALIDATION_ERROR']);
    }
  });
});

describe('avatars told to other services', () => {
  let user: User;
  before(async () => {
    user = await openUser();
    const people = ['new', 'old', 'both'].map((name) => ({ ...account(`usr_${name}`), display_name: name }));
    await user.ctx.db.transaction((trx) => handlers['account.created']?.(people, trx) as Promise<void>);
  });
  after(() => user?.close());

  const told = async (id: string) => {
    const { rows } = await user.ctx.db.raw(
      `select payload from outbox where name = 'profile.avatar' and payload ->> 'user_id' = ? order by id`,
      [id],
    );
    return rows.map(({ payload }: any) => payload.avatar_url);
  };
  const put = (id: string, body: object) => user.ask('put', '/users/me', user.as(id)).send(body).expect(200);
  const asBefore = (id: string, avatar_url: string | null) =>
    user.ctx.db('profiles').where({ user_id: id }).update({ avatar_url, profile_updated_at: new Date() });

  it('are those that changed, and no others', async () => {
    await put('usr_new', { avatar_url: 'https://example.org/a.png' });
    await put('usr_new', { bio: 'x' });
    await put('usr_new', { avatar_url: null });
    expect(await told('usr_new')).to.deep.equal(['https://example.org/a.png', null]);
  });

  it('are also those that a process of the version before set, once', async () => {
    await asBefore('usr_old', 'https://example.org/old.png');
    await asBefore('usr_both', 'https://example.org/both.png');
    await put('usr_both', { bio: 'the avatar is told with it' });
    const { startTellingAvatars } = await import('../src/untold-avatars.ts');
    const telling = startTellingAvatars(user.ctx);
    for (let i = 0; i < 70 && (await told('usr_old')).length === 0; i++) await new Promise((r) => setTimeout(r, 100));
    await telling.close();
    expect(await told('usr_old')).to.deep.equal(['https://example.org/old.png']);
    expect(await told('usr_both')).to.deep.equal(['https://example.org/both.png']);
  });
});
