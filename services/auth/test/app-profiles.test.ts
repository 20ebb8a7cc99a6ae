import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { recordProfileChanges, tellDueChanges } from '../src/app-users/profile-changes.ts';
import { Raced } from '../src/app-users/save.ts';
import { withRetries } from '../src/app-users/upsert.ts';
import { type App, openApp, outcome } from './app-harness.ts';
import { GOOD, openAuth } from './harness.ts';

describe('profiles and passwords of an application’s users', () => {
  let app: App;
  let n = 0;
  before(async () => {
    app = await openApp();
  });
  after(() => app?.stop());
  afterEach(() => {
    app.users.away = false;
  });
  const some = (): string => `profile ${n++}`;

  it('keep a change of the profile that a killed process or an outage left, in order', async () => {
    const id = some();
    const { body } = await app.put(id, { bio: 'one', custom: { a: 1 } });
    app.users.away = true;
    expect((await app.put(id, { bio: 'two' })).status).to.equal(503);
    // As a process that died after its commit leaves them.
    const row = { user_id: body.id, version: 2, due_at: new Date(0) };
    const change = { bio: 'two', custom: [{ a: null }, { b: 1 }] };
    await app.auth.ctx.db('profile_changes').insert({ ...row, change: JSON.stringify(change) });
    await app.auth.ctx.db('accounts').where('user_id', body.id).update({ profile_version: 2 });
    await tellDueChanges(app.auth.ctx).catch(() => undefined);
    expect(app.users.profiles.get(body.id)?.bio).to.equal('one');
    app.users.away = false;
    const next = await app.put(id, { display_name: 'Three' });
    expect(next.body).to.include({ bio: 'two', display_name: 'Three' });
    expect(
      app.users.told.filter(({ account }) => account.user_id === body.id).map(({ version }) => version),
    ).to.deep.equal([1, 2, 3]);
    expect(await app.auth.ctx.db('profile_changes').where('user_id', body.id)).to.deep.equal([]);
  });

  it('the sweep tells what nobody told', async () => {
    const id = some();
    const { body } = await app.put(id);
    const row = { user_id: body.id, version: 1, due_at: new Date(0), change: '{"bio":"late"}' };
    await app.auth.ctx.db('profile_changes').insert(row);
    await eventually(async () => app.users.profiles.get(body.id)?.bio === 'late');
  });

  it('a new change joins one that is not told yet', async () => {
    const { body } = await app.put(some());
    const later = (version: number, change: object) =>
      recordProfileChanges(app.auth.ctx.db, [{ user_id: body.id, version, change }]);
    await later(1, { bio: 'a', custom: [{ x: 1 }] });
    await later(2, { avatar_url: null, custom: [{ x: { y: 1 } }] });
    await later(3, { bio: 'b' });
    const [row] = await app.auth.ctx.db('profile_changes').where('user_id', body.id).select('version', 'change');
    expect(row).to.deep.equal({
      version: 3,
      change: { bio: 'b', avatar_url: null, custom: [{ x: 1 }, { x: { y: 1 } }] },
    });
  });

  it('a new one without more than a name needs no user service; others answer 503 while it is away', async () => {
    app.users.away = true;
    const id = some();
    expect((await app.put(id, { display_name: 'Alone' })).body).to.include({ display_name: 'Alone', bio: '' });
    expect(outcome(await app.put(id, { bio: 'x' }))).to.deep.equal([503, 'SERVICE_UNAVAILABLE', undefined]);
    expect((await app.get(id)).status).to.equal(503);
  });

  it('a race is tried again, five times at most; any other error at once', async () => {
    for (const [error, tries] of [
      [new Raced(), 5],
      [Object.assign(new Error('deadlock'), { code: '40P01' }), 5],
      [new Error('other'), 1],
    ] as const) {
      let tried = 0;
      const fail = async (): Promise<never> => {
        tried++;
        throw error;
      };
      const failed = await withRetries(fail).catch((thrown: Error) => thrown);
      expect([failed, tried]).to.deep.equal([error, tries]);
    }
  });

  it('cannot log in by password, and the answer is that of a wrong one', async () => {
    const { body } = await app.put(some(), { username: 'nopass', email: 'nopass@example.com' });
    for (const name of ['nopass', 'nopass@example.com']) {
      const tried = await app.auth.login(name, GOOD, '198.51.100.7');
      const wrong = await app.auth.login('nobody-at-all', GOOD, '198.51.100.7');
      const plain = ({ status, body: { code, message, details } }: typeof tried) => [status, code, message, details];
      expect(plain(tried)).to.deep.equal(plain(wrong));
      expect(tried.status).to.equal(401);
    }
    const person = app.auth.as({ ...body, session_id: 'ses_1' });
    const change = { current_password: GOOD, new_password: 'another-good-one-77' };
    expect(outcome(await app.auth.ask('put', '/users/me/password', person).send(change))).to.deep.equal([
      403,
      'AUTHORIZATION_ERROR',
      'no_password',
    ]);
    expect(outcome(await app.auth.ask('delete', '/users/me', person).send({ password: GOOD }))).to.deep.equal([
      403,
      'AUTHORIZATION_ERROR',
      'no_password',
    ]);
  });

  it('a password is hashed for one without, as long as for one with', async () => {
    const auth = await openAuth({ BCRYPT_COST: '10' });
    try {
      let compared: unknown[] = [];
      const { matches } = auth.ctx.hasher;
      auth.ctx.hasher.matches = (password, hash) => {
        compared.push(hash);
        return matches(password, hash);
      };
      await auth.register('withpass');
      await auth.ctx.db('accounts').update({ password_hash: null });
      await auth.login('withpass');
      await auth.login('nobody');
      expect(compared).to.deep.equal([undefined, undefined]);
      compared = [];
    } finally {
      await auth.close();
    }
  });
});
