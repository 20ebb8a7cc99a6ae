import { collectSecurityLines } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { deleteExpired } from '../src/sweeps.ts';
import { type App, KEY, openApp, outcome } from './app-harness.ts';
import { claimsOf, GOOD, type Person, personOf } from './harness.ts';

describe('deactivation, erasure and tokens of an application’s users', () => {
  let app: App;
  let n = 0;
  before(async () => {
    app = await openApp();
  });
  after(() => app?.stop());
  const some = async (more: object = {}): Promise<{ id: string; user: any }> => {
    const id = `life ${n++}`;
    return { id, user: (await app.put(id, more)).body };
  };
  const mint = (id: string, body: object = {}) => app.post(id, 'tokens', body);
  const minted = async (id: string, body: object = {}): Promise<Person> => {
    const answer = await mint(id, body);
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return personOf({ ...answer.body, refresh_token: '' });
  };
  const revoked = async (subject: string): Promise<string[][]> =>
    (await app.auth.inside('get', '/internal/revocations')).body.revocations
      .filter((one: any) => one.subject === subject)
      .map(({ kind, reason }: any) => (reason === undefined ? [kind] : [kind, reason]));
  const sessionsOf = async (p: Person): Promise<any[]> =>
    (await app.auth.ask('get', '/users/me/sessions', app.auth.as(p))).body.sessions;
  const ban = (id: string, body: object = {}) =>
    app.auth.inside('post', `/internal/accounts/${id}/ban`).send({ actor_id: 'usr_admin', ...body });
  const unban = (id: string) => app.auth.inside('post', `/internal/accounts/${id}/unban`);
  const REFUSED = [403, 'AUTHORIZATION_ERROR', 'deactivated'];
  /** One with a password too. */
  const withPassword = async (): Promise<{ id: string; person: Person }> => {
    const person = await app.auth.register(`both${n++}`);
    const id = `both ${person.id}`;
    await app.auth.ctx.db('accounts').where('user_id', person.id).update({ external_id: id });
    return { id, person };
  };

  it('a deactivated person can’t log in, refresh or get a token, and the reason is told', async () => {
    const { id, person } = await withPassword();
    const { status, body } = await app.post(id, 'deactivate');
    expect([status, body.status, body.external_id]).to.deep.equal([200, 'deactivated', id]);
    expect(outcome(await app.auth.login(person.username))).to.deep.equal(REFUSED);
    expect((await app.auth.login(person.username, 'wrong')).status).to.equal(401);
    expect(outcome(await app.auth.ask('post', '/users/refresh').send(person))).to.deep.equal([
      400,
      'VALIDATION_ERROR',
      undefined,
    ]);
    const { refresh_token } = person;
    expect(outcome(await app.auth.ask('post', '/users/refresh').send({ refresh_token }))).to.deep.equal(REFUSED);
    expect(outcome(await mint(id))).to.deep.equal(REFUSED);
    expect(await revoked(person.id)).to.deep.equal([['ban', 'deactivated']]);
    expect(await app.auth.ctx.db('sessions').where('user_id', person.id).whereNull('ended_at')).to.deep.equal([]);
    expect((await app.facts('account.updated', person.id)).map((fact) => fact.status)).to.deep.equal(['deactivated']);
  });

  it('activation allows logins again and restores no session; repeats change nothing', async () => {
    const { id, person } = await withPassword();
    for (let i = 0; i < 2; i++) expect((await app.post(id, 'deactivate')).body.status).to.equal('deactivated');
    for (let i = 0; i < 2; i++) expect((await app.post(id, 'activate')).body.status).to.equal('active');
    expect(await revoked(person.id)).to.deep.equal([['ban', 'deactivated'], ['unban']]);
    const { refresh_token } = person;
    expect((await app.auth.ask('post', '/users/refresh').send({ refresh_token })).status).to.equal(401);
    expect((await app.auth.login(person.username)).status).to.equal(200);
    const acts = (await app.facts('staff.acted')).filter(({ target_id }) => target_id === person.id);
    expect(acts.map(({ action, actor_id }) => [action, actor_id])).to.deep.equal([
      ['user.deactivate', KEY],
      ['user.activate', KEY],
    ]);
  });

  it('a ban and a deactivation stand beside each other: neither lifts the other', async () => {
    const { id, person } = await withPassword();
    await app.post(id, 'deactivate');
    expect((await ban(person.id, { reason: 'deactivated' })).body.status).to.equal('banned');
    expect(outcome(await app.auth.login(person.username))).to.deep.equal(REFUSED);
    expect((await app.auth.login(person.username)).body.details).to.have.property('until');
    expect((await app.post(id, 'activate')).body.status).to.equal('banned');
    await app.post(id, 'deactivate');
    expect((await unban(person.id)).body.status).to.equal('deactivated');
    expect(outcome(await app.auth.login(person.username))).to.deep.equal(REFUSED);
    expect(await revoked(person.id)).to.deep.equal([
      ['ban', 'deactivated'],
      ['ban'],
      ['ban'],
      ['ban'],
      ['ban', 'deactivated'],
    ]);
    expect((await app.post(id, 'activate')).body.status).to.equal('active');
    expect((await revoked(person.id)).at(-1)).to.deep.equal(['unban']);
  });

  it('admins find them by status and by external id', async () => {
    const { id, user } = await some();
    await app.post(id, 'deactivate');
    const list = async (query: object) =>
      (await app.auth.inside('get', '/internal/accounts').query(query)).body.accounts.map((one: any) => one.user_id);
    expect(await list({ status: 'deactivated' })).to.include(user.id);
    expect(await list({ status: 'active', limit: 100 })).to.not.include(user.id);
    expect(await list({ search: id, by_email: true })).to.deep.equal([user.id]);
    expect(await list({ search: id, by_email: false })).to.deep.equal([]);
    const { body } = await app.auth.inside('get', `/internal/accounts/${user.id}`);
    expect(body).to.include({ external_id: id, kind: 'user', status: 'deactivated' });
    const states = await app.auth.inside('post', '/internal/accounts/states').send({ ids: [user.id] });
    expect(states.body.states[0]).to.include({ status: 'deactivated', kind: 'user' });
  });

  it('acts on unknown users are 404', async () => {
    for (const act of ['deactivate', 'activate', 'tokens'] as const)
      expect((await app.post('nobody there', act)).status, act).to.equal(404);
    expect((await app.erase('nobody there')).status).to.equal(404);
    expect((await app.get('nobody there')).status).to.equal(404);
  });

  it('an erased external id can be created anew, and is a new person', async () => {
    const id = `two lives ${Date.now()}`;
    const { body } = await app.batch([
      { external_id: id, username: 'first-life', bio: 'secret' },
      { external_id: `${id} other` },
    ]);
    const [user, other] = body.results.map((one: { user: { id: string } }) => one.user);
    await app.auth.ctx.db('profile_changes').insert({ user_id: user.id, version: 9, change: '{}', due_at: new Date() });
    const gone = await app.erase(id);
    expect([gone.status, gone.body]).to.deep.equal([202, { id: user.id }]);
    expect((await app.get(id)).status).to.equal(404);
    expect((await app.erase(id)).status).to.equal(404);
    expect(await revoked(user.id)).to.deep.equal([['user']]);
    expect(await app.facts('account.erased', user.id)).to.have.length(1);
    expect(await app.facts('accounts.created', user.id)).to.deep.equal([]);
    expect(await app.facts('accounts.created', other.id)).to.have.length(1);
    expect((await app.facts('staff.acted')).filter((act) => act.action === 'user.erase').at(-1).target_id).to.equal(
      user.id,
    );
    expect(await app.auth.ctx.db('profile_changes').where('user_id', user.id)).to.deep.equal([]);
    expect(outcome(await app.put(id, { username: 'first-life' }))).to.deep.equal([409, 'CONFLICT', undefined]);
    const next = await app.put(id);
    expect([next.status, next.body.bio]).to.deep.equal([201, '']);
    expect(next.body.id).to.not.equal(user.id);
  });

  it('a minted token is an ordinary session without a refresh token: listed, revocable', async () => {
    const { id, user } = await some();
    const { status, body } = await mint(id, { session_name: 'Web shop' });
    expect(status).to.equal(201);
    expect(body).to.have.all.keys('access_token', 'token_type', 'expires_in', 'user', 'session_id');
    expect(body).to.deep.include({ token_type: 'bearer', expires_in: 3600 });
    expect(body.user).to.include({ id: user.id, external_id: id });
    const claims = claimsOf(body.access_token);
    expect(claims).to.include({ sub: user.id, sid: body.session_id, role: 'user' });
    expect(Math.ceil(claims.iat as number) + 3600).to.equal(claims.exp);
    const person = personOf({ ...body, refresh_token: '' });
    const [session] = await sessionsOf(person);
    expect(session).to.include({ id: body.session_id, name: 'Web shop', current: true });
    const renewed = await app.auth.ask('delete', '/users/me/sessions', app.auth.as(person));
    expect(outcome(renewed)).to.deep.equal([403, 'AUTHORIZATION_ERROR', 'limited_session']);
    await app.auth.ask('delete', `/users/me/sessions/${person.session_id}`, app.auth.as(person)).expect(204);
    expect(await revoked(body.session_id)).to.deep.equal([['session']]);
    expect(await app.auth.ctx.db('refresh_tokens').where('session_id', body.session_id)).to.deep.equal([]);
    expect(await app.auth.ctx.db('known_devices').where('user_id', user.id)).to.deep.equal([]);
  });

  it('lives from 60 s to a day, longer than other tokens if wanted', async () => {
    const { id } = await some();
    for (const expires_in of [60, 86_400]) {
      const { body } = await mint(id, { expires_in });
      const { iat, exp } = claimsOf(body.access_token) as { iat: number; exp: number };
      expect([body.expires_in, exp - Math.ceil(iat)]).to.deep.equal([expires_in, expires_in]);
    }
    for (const expires_in of [59, 86_401, 60.5, '60', null, -1, 0])
      expect(outcome(await mint(id, { expires_in })), String(expires_in)).to.deep.equal([
        400,
        'VALIDATION_ERROR',
        undefined,
      ]);
    expect((await mint(id, { session_name: '' })).status).to.equal(400);
    expect((await mint(id, { refresh: true })).status).to.equal(400);
  });

  it('a session that has ended by itself is not listed, and is deleted', async () => {
    const { id } = await some();
    const first = await minted(id);
    const second = await minted(id);
    const { db } = app.auth.ctx;
    await db('sessions')
      .where('session_id', first.session_id)
      .update({ expires_at: new Date(Date.now() - 1) });
    expect((await sessionsOf(second)).map((one) => one.id)).to.deep.equal([second.session_id]);
    await deleteExpired(app.auth.ctx);
    expect((await db('sessions').where('user_id', first.id)).map((one) => one.session_id)).to.deep.equal([
      second.session_id,
    ]);
  });

  it('no token for an admin; who becomes one loses those that were minted', async () => {
    const { id, user } = await some();
    const [one, two] = [await minted(id), await minted(id)];
    await app.auth.inside('put', `/internal/accounts/${user.id}/role`).send({ role: 'moderator' }).expect(200);
    expect(await sessionsOf(one)).to.have.length(2);
    await app.auth.inside('put', `/internal/accounts/${user.id}/role`).send({ role: 'admin' }).expect(200);
    expect(await revoked(one.session_id)).to.deep.equal([['session']]);
    expect(await revoked(two.session_id)).to.deep.equal([['session']]);
    expect(await sessionsOf(one)).to.deep.equal([]);
    expect(outcome(await mint(id))).to.deep.equal([403, 'AUTHORIZATION_ERROR', 'admin']);
  });

  it('a minting and a promotion at once never leave an admin’s token', async () => {
    for (let i = 0; i < 10; i++) {
      const { id, user } = await some();
      const [answer] = await Promise.all([
        mint(id),
        app.auth.inside('put', `/internal/accounts/${user.id}/role`).send({ role: 'admin' }),
      ]);
      expect([201, 403]).to.include(answer.status);
      expect(await app.auth.ctx.db('sessions').where('user_id', user.id).whereNull('ended_at')).to.deep.equal([]);
    }
  });

  it('a banned person gets no token but the reason; one whose ban has ended does', async () => {
    const { id, user } = await some();
    await ban(user.id, { reason: 'spam' });
    expect(outcome(await mint(id))).to.deep.equal([403, 'AUTHORIZATION_ERROR', 'spam']);
    await app.auth.ctx
      .db('accounts')
      .where('user_id', user.id)
      .update({ banned_until: new Date(Date.now() - 1000) });
    expect((await mint(id)).status).to.equal(201);
  });

  it('a deactivation and twenty mintings at once leave no live session', async () => {
    for (let i = 0; i < 3; i++) {
      const { id, user } = await some();
      const [answer] = await Promise.all([app.post(id, 'deactivate'), ...Array.from({ length: 20 }, () => mint(id))]);
      expect(answer?.status).to.equal(200);
      expect(await app.auth.ctx.db('sessions').where('user_id', user.id).whereNull('ended_at')).to.deep.equal([]);
    }
  });

  it('a session with a password is renewed as before, one that was minted by no password change', async () => {
    const { id, person } = await withPassword();
    const own = await minted(id);
    await app.auth.ctx.db('accounts').where('user_id', person.id).update({ email: null, email_key: null });
    const body = { current_password: GOOD, new_password: 'quiet-meadow-copper-31' };
    const refused = await app.auth.ask('put', '/users/me/password', app.auth.as(own)).send(body);
    expect(outcome(refused)).to.deep.equal([403, 'AUTHORIZATION_ERROR', 'limited_session']);
    expect((await app.auth.ask('put', '/users/me/password', app.auth.as(person)).send(body)).status).to.equal(200);
    expect(await app.auth.ctx.db('sessions').where('session_id', own.session_id).whereNull('ended_at')).to.deep.equal(
      [],
    );
  });

  it('are in the security log, with who acted and without a name', async () => {
    const lines = collectSecurityLines(app.auth.ctx);
    const { id, user } = await some();
    const { body } = await mint(id);
    await app.post(id, 'deactivate');
    await app.post(id, 'activate');
    await app.erase(id);
    expect(lines.map(({ event, user_id, actor_id }) => [event, user_id, actor_id])).to.deep.equal(
      ['session.minted', 'account.deactivated', 'account.activated', 'account.erased'].map((event) => [
        event,
        user.id,
        KEY,
      ]),
    );
    expect(lines[0]?.session_id).to.equal(body.session_id);
    expect(JSON.stringify(lines)).to.not.include(id);
  });
});
