import type { Account } from '@chatapi/bus';
import { expect } from 'chai';
import fc from 'fast-check';
import { handlers } from '../src/facts.ts';
import { account, at, openUser, type User } from './harness.ts';

/** Not the transaction itself. */
const isOfRule = (sql: string): boolean => !/^(?:begin|commit)/i.test(sql);

describe('changes of profiles by applications', () => {
  let user: User;
  before(async () => {
    user = await openUser();
  });
  after(() => user?.close());
  const named = (id: string, more: Partial<Account> = {}) => ({
    ...account(`usr_${id}`, { external_id: `ext ${id}`, email: null, ...more }),
    display_name: `Name of ${id}`,
  });
  const change = (id: string, version: number, fields: object, more: Partial<Account> = {}) => ({
    account: named(id, more),
    version,
    change: fields,
  });
  const tell = (...changes: object[]) => user.inside('post', '/internal/profiles/changes').send({ changes });
  const me = async (id: string) => (await user.ask('get', '/users/me', user.as(`usr_${id}`))).body;
  const published = async (id: string): Promise<any[]> =>
    (await user.ctx.db('outbox').where('name', 'profile.updated').orderBy('id'))
      .map(({ payload }) => payload)
      .filter(({ user_id }) => user_id === `usr_${id}`);

  it('make the profile when the account’s fact has not arrived, and keep it when it does', async () => {
    const { status, body } = await tell(
      change('first', 1, { bio: 'b', avatar_url: 'https://example.com/a.png', custom: [{ a: 1 }, { a: null, b: 2 }] }),
    );
    expect(status).to.equal(200);
    expect(body.profiles[0]).to.deep.include({ user_id: 'usr_first', display_name: 'Name of first', custom: { b: 2 } });
    await user.ctx.db.transaction((trx) => handlers['account.created']?.([named('first')], trx) as Promise<void>);
    expect(await me('first')).to.deep.include({ bio: 'b', custom: { b: 2 }, external_id: 'ext first', email: null });
    expect(await published('first')).to.deep.equal([]);
  });

  it('are applied once and in order, however often and late they are told', async () => {
    const versions = [1, 2, 3].map((version) =>
      change('order', version, { bio: `bio ${version}`, custom: [{ [`v${version}`]: version }] }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(2), { minLength: 1, maxLength: 6 }), async (told) => {
        await user.ctx.db('profiles').where('user_id', 'usr_order').delete();
        for (const i of told) await tell(versions[i] as object);
        const newest = Math.max(...told) + 1;
        expect((await me('order')).bio).to.equal(`bio ${newest}`);
      }),
      { numRuns: 25 },
    );
  });

  it('a new name is published, and an old version changes nothing that the user chose since', async () => {
    await tell(change('chosen', 1, { display_name: 'By the application', bio: 'x' }));
    await user.ask('put', '/users/me', user.as('usr_chosen')).send({ display_name: 'By myself', custom: { mine: 1 } });
    await tell(change('chosen', 1, { display_name: 'By the application', bio: 'x' }));
    expect(await me('chosen')).to.deep.include({ display_name: 'By myself', bio: 'x', custom: { mine: 1 } });
    await tell(change('chosen', 2, { display_name: 'Again' }));
    expect((await published('chosen')).map(({ display_name }) => display_name)).to.deep.equal([
      'By the application',
      'By myself',
      'Again',
    ]);
  });

  it('an avatar is published unless the account was told with it', async () => {
    const avatars = async (id: string): Promise<unknown[]> =>
      (await user.ctx.db('outbox').where('name', 'profile.avatar').orderBy('id'))
        .map(({ payload }) => payload)
        .filter(({ user_id }) => user_id === `usr_${id}`)
        .map(({ avatar_url }) => avatar_url);
    const [a, b] = ['https://example.com/a.png', 'https://example.com/b.png'];
    await tell(change('told', 1, { avatar_url: a, told_avatar_url: a }));
    expect(await avatars('told')).to.deep.equal([]);
    await tell(change('told', 2, { avatar_url: b, told_avatar_url: a }));
    await tell(change('told', 3, { avatar_url: a }));
    await tell(change('told', 4, { avatar_url: null, told_avatar_url: a }));
    expect(await avatars('told')).to.deep.equal([b, a, null]);
  });

  it('custom that became too large stays as it was, and the rest is applied', async () => {
    await tell(change('large', 1, { custom: [{ a: 'x'.repeat(3000) }] }));
    const { body } = await tell(change('large', 2, { bio: 'new', custom: [{ b: 'x'.repeat(3000) }] }));
    expect(body.profiles[0].bio).to.equal('new');
    expect(Object.keys(body.profiles[0].custom)).to.deep.equal(['a']);
  });

  it('one’s own custom is merged too, and refused when it becomes too large', async () => {
    await tell(change('own', 1, { custom: [{ a: 1 }] }));
    const put = (custom: object) => user.ask('put', '/users/me', user.as('usr_own')).send({ custom });
    expect((await put({ b: { c: 1 } })).body.custom).to.deep.equal({ a: 1, b: { c: 1 } });
    expect((await put({ b: { c: null }, d: 'x'.repeat(3000) })).body.custom.b).to.deep.equal({});
    const refused = await put({ e: 'x'.repeat(3000) });
    expect([refused.status, refused.body.details.fields[0].path]).to.deep.equal([400, 'custom']);
  });

  it('of an erased user do nothing', async () => {
    await tell(change('gone', 1, { bio: 'b' }));
    const erased = [{ user_id: 'usr_gone', erased_at: at(9) }];
    await user.ctx.db.transaction((trx) => handlers['account.erased']?.(erased, trx) as Promise<void>);
    expect((await tell(change('gone', 2, { bio: 'c' }))).body.profiles).to.deep.equal([]);
    expect(await user.ctx.db('profiles').where('user_id', 'usr_gone')).to.deep.equal([]);
  });

  it('an account keeps its external id and kind when a process of the release before tells it', async () => {
    await tell(change('kept', 1, {}, { kind: 'bot' }));
    const { kind: _, external_id: __, ...old } = account('usr_kept', { updated_at: at(5), status: 'banned' });
    await user.ctx.db.transaction((trx) => handlers['account.updated']?.([old], trx) as Promise<void>);
    expect(await me('kept')).to.include({ external_id: 'ext kept', kind: 'bot', status: 'banned' });
  });

  it('take one statement for many facts of accounts, the newest of each', async () => {
    let queries = 0;
    const facts = Array.from({ length: 200 }, (_, i) =>
      named(`many${i % 100}`, { updated_at: at(i % 7), username: `u${i}` }),
    );
    await user.ctx.db.transaction(async (trx) => {
      trx.on('query', ({ sql }) => void (isOfRule(sql) && queries++));
      await handlers['account.created']?.(facts, trx);
    });
    expect(queries).to.equal(1);
    expect((await user.ctx.db('profiles').where('user_id', 'like', 'usr_many%')).length).to.equal(100);
  });

  it('are for auth only', async () => {
    expect(
      (await user.ask('post', '/internal/profiles/changes', user.as('usr_a', 'admin')).send({ changes: [] })).status,
    ).to.equal(403);
  });
});
