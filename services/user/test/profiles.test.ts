import type { Account } from '@chatapi/bus';
import { expect } from 'chai';
import fc from 'fast-check';
import { handlers } from '../src/facts.ts';
import { lockProfiles, type ProfileFields, saveProfiles } from '../src/profile-change-store.ts';
import { profileById } from '../src/profile-store.ts';
import { account, at, type KnownAccount, openUser, type User } from './harness.ts';

describe('profiles', () => {
  let user: User;
  before(async () => {
    user = await openUser();
  });
  after(() => user?.close());

  const created = (payload: KnownAccount) =>
    user.ctx.db.transaction((trx) => handlers['account.created']?.([payload], trx) as Promise<void>);
  const updated = (payload: Account) =>
    user.ctx.db.transaction((trx) => handlers['account.updated']?.([payload], trx) as Promise<void>);
  const person = async (name: string, display_name = name, more: Partial<Account> = {}): Promise<string> => {
    await created({ ...account(`usr_${name}`, more), display_name });
    return `usr_${name}`;
  };
  const me = (id: string) => user.ask('get', '/users/me', user.as(id));
  const change = (id: string, body: object) => user.ask('put', '/users/me', user.as(id)).send(body);

  it('are returned to their owner with the email, and with no field beyond the contract', async () => {
    const id = await person('mine', 'Mine');
    const { status, body } = await me(id);
    expect(status).to.equal(200);
    expect(body).to.deep.equal({
      id,
      username: 'mine',
      email: 'usr_mine@example.com',
      external_id: null,
      email_verified: false,
      display_name: 'Mine',
      bio: '',
      avatar_url: null,
      custom: {},
      kind: 'user',
      role: 'user',
      status: 'active',
      created_at: at(0),
      updated_at: at(0),
    });
  });

  it('exist right after a registration, before its fact arrives', async () => {
    user.accounts.set('usr_fresh', { ...account('usr_fresh'), display_name: 'Fresh' });
    expect((await me('usr_fresh')).body.display_name).to.equal('Fresh');
    user.accounts.delete('usr_fresh');
    expect((await me('usr_fresh')).status).to.equal(200);
    user.accounts.set('usr_fresh2', { ...account('usr_fresh2'), display_name: 'Fresh' });
    expect((await change('usr_fresh2', { bio: 'new' })).body.bio).to.equal('new');
  });

  it('of unknown users are 404', async () => {
    expect((await me('usr_nobody')).status).to.equal(404);
    expect((await user.ask('get', '/users/usr_nobody', user.as('usr_mine'))).status).to.equal(404);
    expect((await change('usr_nobody', { bio: 'x' })).status).to.equal(404);
  });

  it('change by any subset of fields, keep the rest, and publish profile.updated', async () => {
    const id = await person('changer');
    const documented = {
      display_name: 'John Smith',
      bio: 'Software developer',
      avatar_url: 'https://example.com/avatar.jpg',
    };
    expect((await change(id, documented)).body).to.include(documented);
    expect((await change(id, { bio: '' })).body).to.include({ ...documented, bio: '' });
    const last = (await change(id, { avatar_url: null })).body;
    expect(last).to.include({ display_name: 'John Smith', avatar_url: null });
    const published = (await user.ctx.db('outbox').where('name', 'profile.updated').orderBy('id')).map(
      ({ payload }) => payload,
    );
    const mine = published.filter(({ user_id }) => user_id === id);
    expect(mine).to.have.length(3);
    expect(mine[2]).to.include({ display_name: 'John Smith', bio: '', avatar_url: null, updated_at: last.updated_at });
    expect(mine[1].updated_at > mine[0].updated_at).to.equal(true);
  });

  for (const [what, body] of Object.entries({
    nothing: {},
    'an unknown field': { role: 'admin' },
    'another’s id': { id: 'usr_x', bio: 'x' },
    'a display name of 65': { display_name: 'x'.repeat(65) },
    'an empty display name': { display_name: '' },
    'a bidi override': { display_name: 'abc\u202egpj' },
    'a control character': { display_name: 'a\u0000b' },
    'a display name on two lines': { display_name: 'a\nb' },
    'a bio of 501': { bio: 'x'.repeat(501) },
    'a script for an avatar': { avatar_url: 'javascript:alert(1)' },
    'a data URL for an avatar': { avatar_url: 'data:text/html,x' },
    'an avatar that breaks out of an attribute': { avatar_url: 'https://example.com/" onerror="alert(1)' },
    'an avatar of 2049': { avatar_url: `https://example.com/${'x'.repeat(2049)}` },
    'a path of an avatar that it does not have': { avatar_url: '/avatars/usr_x/0123456789abcdef' },
    'another path': { avatar_url: '/files/file_1/content' },
    'an avatar without slashes': { avatar_url: 'https:example.com/a.png' },
    'an avatar with backslashes': { avatar_url: 'https:\\\\example.com/a.png' },
    'an avatar without a host': { avatar_url: 'https:///' },
    'an avatar that is too long when escaped': { avatar_url: `https://example.com/${'é'.repeat(1000)}` },
    'a number': { bio: 5 },
  })) {
    it(`refuse ${what}`, async () => {
      const id = await person('steady');
      const { status, body: answer } = await change(id, body);
      expect(status).to.equal(400);
      expect(answer.code).to.equal('VALIDATION_ERROR');
      expect((await me(id)).body).to.include({ display_name: 'steady', bio: '', avatar_url: null });
    });
  }

  it('accept an avatar in any case and script, and have it as `URL` writes it', async () => {
    const id = await person('pictured');
    for (const [given, kept] of [
      ['HTTPS://Example.com/A.png', 'https://example.com/A.png'],
      ['https://例え.jp/画像.png', 'https://xn--r8jz45g.jp/%E7%94%BB%E5%83%8F.png'],
      ['http://example.com', 'http://example.com/'],
      ['https://example.com/a"onerror=x', 'https://example.com/a%22onerror=x'],
      ['https://example.com/%41?q=ü#f', 'https://example.com/%41?q=%C3%BC#f'],
    ] as const)
      expect((await change(id, { avatar_url: given })).body, given).to.include({ avatar_url: kept });
  });

  it('accept 64 characters of any script, and lose only active markup', async () => {
    const id = await person('emoji');
    expect((await change(id, { display_name: '😀'.repeat(64) })).body.display_name).to.equal('😀'.repeat(64));
    const sent = 'I <b>write</b><script>alert(1)</script> 1 < 2';
    expect((await change(id, { bio: sent })).body.bio).to.equal('I <b>write</b>alert(1) 1 < 2');
  });

  it('need a user', async () => {
    for (const path of ['/users/me', '/users', '/users/usr_mine'])
      expect((await user.ask('get', path)).status).to.equal(401);
    expect((await user.ask('put', '/users/me').send({ bio: 'x' })).status).to.equal(401);
  });

  it('show the email to the user and admins only', async () => {
    const id = await person('private');
    const seen = async (as: Parameters<User['ask']>[2]) => (await user.ask('get', `/users/${id}/`, as)).body;
    expect(await seen(user.as('usr_mine'))).to.not.have.property('email');
    expect(await seen(user.as('usr_mine', 'moderator'))).to.not.have.property('email');
    expect(await seen(user.as('usr_mine', 'admin'))).to.have.property('email');
    expect(await seen(user.as(id))).to.have.property('email');
    expect((await seen(user.as('usr_mine'))).presence).to.deep.equal({ status: 'offline', last_seen: null });
  });

  it('are the same, in whatever order and however often facts of an account arrive', async () => {
    const states = [0, 1, 2, 3].map((i) =>
      account('usr_order', {
        updated_at: at(i),
        role: i % 2 ? 'moderator' : 'user',
        status: i === 3 ? 'banned' : 'active',
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
        fc.array(fc.nat(3), { maxLength: 4 }),
        async (order, again) => {
          await user.ctx.db('profiles').where('user_id', 'usr_order').delete();
          for (const i of [...order, ...again]) {
            await (i === 0
              ? created({ ...(states[0] as Account), display_name: 'Given' })
              : updated(states[i] as Account));
          }
          const stored = await profileById(user.ctx.db, 'usr_order');
          expect(stored).to.include({ role: 'moderator', status: 'banned', updated_at: at(3), display_name: 'Given' });
        },
      ),
      { numRuns: 25 },
    );
  });

  it('keep the display name that the user chose when the fact of the registration comes later', async () => {
    await updated(account('usr_late', { updated_at: at(5) }));
    expect((await me('usr_late')).body.display_name).to.equal('late');
    await change('usr_late', { display_name: 'Chosen' });
    await created({ ...account('usr_late'), display_name: 'Registered' });
    expect((await me('usr_late')).body.display_name).to.equal('Chosen');
  });

  it('have strictly growing times even when the clock stands still', async () => {
    const id = await person('clock');
    await user.ctx.db.raw("update profiles set profile_updated_at = now() + interval '1 hour' where user_id = ?", [id]);
    const [fields] = await lockProfiles(user.ctx.db, [id]);
    const [first] = await saveProfiles(user.ctx.db, [{ ...(fields as ProfileFields), bio: 'a' }]);
    const [second] = await saveProfiles(user.ctx.db, [{ ...(fields as ProfileFields), bio: 'b' }]);
    expect(Date.parse(second?.profile_updated_at ?? '')).to.be.greaterThan(Date.parse(first?.profile_updated_at ?? ''));
  });

  it('are returned to other services by id, without unknown ones', async () => {
    const id = await person('card', 'Card');
    const { body } = await user.inside('post', '/internal/profiles').send({ ids: [id, 'usr_nobody'] });
    expect(body).to.deep.equal({
      profiles: [{ user_id: id, display_name: 'Card', bio: '', avatar_url: null, custom: {}, updated_at: at(0) }],
    });
    expect((await user.ask('post', '/internal/profiles', user.as(id)).send({ ids: [id] })).status).to.equal(403);
  });
});
