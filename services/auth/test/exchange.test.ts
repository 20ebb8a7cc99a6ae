// Exchange of an application's tokens for sessions (RFC 8693).
import { collectSecurityLines, eventually, served } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Auth, claimsOf, openAuth } from './harness.ts';
import { createIssuer, ed25519, now, startUsers, tokenOf } from './issuer-harness.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const NAMES = { username: 'preferred_username', display_name: 'name', email: 'email', avatar_url: 'picture' };

describe('the exchange of an application’s token', () => {
  let auth: Auth;
  let users: Awaited<ReturnType<typeof startUsers>>;
  let lines: Record<string, unknown>[];
  const pair = ed25519();
  const OPEN = 'https://open.example';
  const CLOSED = 'https://closed.example';
  let made = 0;

  before(async () => {
    users = await startUsers();
    auth = await openAuth({
      USER_INTERNAL_URL: users.url,
      REGISTRATION: 'closed',
      REGISTRATION_DOMAINS: 'nowhere.example',
    });
    lines = collectSecurityLines(auth.ctx);
    const public_keys = [pair.pem];
    await createIssuer(auth, { issuer: OPEN, public_keys, claims: NAMES });
    await createIssuer(auth, { issuer: CLOSED, public_keys, create_users: false, user_claim: 'uid' });
  });
  beforeEach(() => {
    users.down = false;
  });
  after(async () => {
    await auth?.close();
    await users?.stop();
  });

  const token = (claims: Record<string, unknown> = {}) =>
    tokenOf(pair.privateKey, { alg: 'EdDSA', claims: { iss: OPEN, sub: `person-${made}`, ...claims } });
  const bodyOf = (subject_token: string) => ({ grant_type: GRANT, subject_token, subject_token_type: JWT });
  const send = (body: object) => auth.ask('post', '/users/token').send(body);
  const exchange = async (claims: Record<string, unknown> = {}) => send(bodyOf(await token(claims)));
  const created = async (claims: Record<string, unknown> = {}) => {
    made++;
    const answer = await exchange(claims);
    expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
    return answer.body;
  };
  const refusal = ({ status, body }: { status: number; body: any }) => [status, body.code, body.details?.reason];
  const UNAUTHENTICATED = [401, 'AUTHENTICATION_ERROR'];

  it('creates the user, whatever the registration policy is, and answers as the RFC says', async () => {
    const body = await created({ preferred_username: 'Grace', name: 'Grace H.', email: 'grace@app.example' });
    expect(body).to.include({
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'bearer',
    });
    expect(body).to.have.all.keys('access_token', 'issued_token_type', 'token_type', 'expires_in', 'user');
    expect(body.user).to.include({
      external_id: `person-${made}`,
      username: 'Grace',
      display_name: 'Grace H.',
      email: 'grace@app.example',
      role: 'user',
    });
    expect(claimsOf(body.access_token)).to.include({ sub: body.user.id, role: 'user', iss: 'chatapi', aud: 'chatapi' });
    const facts = await auth.ctx
      .db('outbox')
      .where('name', 'accounts.created')
      .whereRaw("payload->'accounts'->0->>'user_id' = ?", [body.user.id]);
    expect(facts).to.have.length(1);
  });

  it('takes a form as well as JSON', async () => {
    made++;
    const answer = await auth
      .ask('post', '/users/token')
      .type('form')
      .send(bodyOf(await token()));
    expect(answer.status).to.equal(200);
    expect(answer.body.user.external_id).to.equal(`person-${made}`);
  });

  it('of 20 tokens at once for a new user makes one account and 20 sessions', async () => {
    made++;
    const one = await token({ preferred_username: 'crowd' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => served(() => send(bodyOf(one)))));
    expect(answers.map(({ status }) => status)).to.deep.equal(Array(20).fill(200));
    expect(new Set(answers.map(({ body }) => body.user.id)).size).to.equal(1);
    expect(new Set(answers.map(({ body }) => claimsOf(body.access_token).sid)).size).to.equal(20);
  });

  it('makes an ordinary session: listed, without a refresh token, ended by logout', async () => {
    const { user, access_token } = await created();
    const person = { ...user, session_id: String(claimsOf(access_token).sid) };
    const list = await auth.ask('get', '/users/me/sessions', auth.as(person));
    expect(list.body.sessions.map(({ id, current }: any) => [id, current])).to.deep.equal([[person.session_id, true]]);
    const rows = await auth.ctx.db('refresh_tokens').where('session_id', person.session_id);
    expect(rows).to.deep.equal([]);
    expect((await auth.ask('post', '/users/logout', auth.as(person))).status).to.equal(204);
    const { body } = await auth.inside('get', '/internal/revocations');
    expect(body.revocations.map(({ subject }: any) => subject)).to.include(person.session_id);
  });

  it('ends the session when the token ends, with its tolerance, and after 24 hours at the latest', async () => {
    const secondsFor = async (left: number): Promise<number> => {
      const { access_token, expires_in } = await created({ exp: now() + left });
      const { exp, iat } = claimsOf(access_token) as { exp: number; iat: number };
      expect(exp - Math.ceil(iat)).to.equal(expires_in);
      const [row] = await auth.ctx.db('sessions').where('session_id', String(claimsOf(access_token).sid));
      expect(Math.round((row.expires_at - row.created_at) / 1000)).to.equal(expires_in);
      return expires_in;
    };
    expect(await secondsFor(300)).to.be.within(357, 360);
    expect(await secondsFor(-55)).to.be.within(1, 5);
    expect(await secondsFor(86_400)).to.equal(86_400);
    expect(await secondsFor(1e9)).to.equal(86_400);
    made++;
    expect(refusal(await exchange({ exp: now() - 61 }))).to.deep.equal([...UNAUTHENTICATED, 'expired']);
  });

  it('updates the user with the next token, and leaves alone what a token does not say', async () => {
    await created({ preferred_username: 'before', name: 'Before', email: 'before@app.example' });
    const { body } = await exchange({ preferred_username: 'after', email: null, picture: 'https://app.example/a.png' });
    expect(body.user).to.include({ username: 'after', email: null });
    const told = users.told.at(-1);
    expect(told.change).to.include({ avatar_url: 'https://app.example/a.png' }).and.not.have.property('display_name');
    const facts = await auth.ctx
      .db('outbox')
      .where('name', 'account.updated')
      .whereRaw("payload->>'user_id' = ?", [body.user.id]);
    expect(facts).to.have.length(1);
    await exchange({ preferred_username: 'after' });
    expect(
      await auth.ctx.db('outbox').where('name', 'account.updated').whereRaw("payload->>'user_id' = ?", [body.user.id]),
    ).to.have.length(1);
  });

  it('passes over claims that can’t be what they are for, and names that somebody else has', async () => {
    await created({ preferred_username: 'taken', email: 'taken@app.example' });
    const first = await created({
      preferred_username: 'no spaces please',
      name: 42,
      email: 'not an email',
      picture: 'javascript:alert(1)',
    });
    expect(first.user).to.include({ email: null, avatar_url: null });
    expect(first.user.username).to.match(/^[A-Za-z0-9_.-]{3,32}$/);
    const second = await created({ preferred_username: 'TAKEN', email: 'own@app.example', name: 'Second\0' });
    expect(second.user).to.include({ email: 'own@app.example' });
    expect(second.user.username.toLowerCase()).to.not.equal('taken');
    const third = await exchange({ email: 'TAKEN@app.example', preferred_username: 'third' });
    expect(third.body.user).to.include({ username: 'third', email: 'own@app.example' });
    await created({ __proto__: { preferred_username: 'x' }, constructor: 'y' });
  });

  it('needs a claim that names the user: a text of 1 to 128 characters, whatever else it is', async () => {
    const refused = [...UNAUTHENTICATED, 'user'];
    for (const sub of [
      undefined,
      '',
      42,
      null,
      true,
      ['a'],
      { a: 1 },
      'x'.repeat(129),
      '.',
      '..',
      'a\0b',
      'a\nb',
      '\ud800',
    ])
      expect(refusal(await exchange({ sub })), JSON.stringify(sub)).to.deep.equal(refused);
    made++;
    for (const sub of ['x'.repeat(128), '😀'.repeat(128), 'a/b', '%2e%2e', 'É', ' ', '__proto__', 'constructor']) {
      const { status, body } = await exchange({ sub });
      expect([status, body.user?.external_id], sub).to.deep.equal([200, sub]);
    }
  });

  it('by an issuer that creates no users knows the users that are there, by its own claim', async () => {
    const claims = { iss: CLOSED, sub: 'something-else', uid: `person-${made + 1}` };
    expect(refusal(await exchange(claims))).to.deep.equal([...UNAUTHENTICATED, 'user']);
    expect(refusal(await exchange({ iss: CLOSED }))).to.deep.equal([...UNAUTHENTICATED, 'user']);
    const { user } = await created();
    expect((await exchange(claims)).body.user.id).to.equal(user.id);
    // Neither is what all objects have a claim.
    await createIssuer(auth, { issuer: 'https://odd.example', public_keys: [pair.pem], user_claim: 'constructor' });
    expect(refusal(await exchange({ iss: 'https://odd.example' }))).to.deep.equal([...UNAUTHENTICATED, 'user']);
  });

  it('never gives a session of an admin, and changes none', async () => {
    const { user } = await created({ preferred_username: 'boss' });
    await auth.ctx.db('accounts').where('user_id', user.id).update({ role: 'admin' });
    const answer = await exchange({ preferred_username: 'renamed' });
    expect(refusal(answer)).to.deep.equal([403, 'AUTHORIZATION_ERROR', 'admin']);
    const [row] = await auth.ctx.db('accounts').where('user_id', user.id);
    expect(row.username).to.equal('boss');
    const sessions = await auth.ctx.db('sessions').where('user_id', user.id);
    expect(sessions).to.have.length(1);
  });

  it('refuses who is deactivated or banned, and lets in whose ban has just ended', async () => {
    const { user } = await created();
    await auth.ctx.db('accounts').where('user_id', user.id).update({ deactivated_at: new Date() });
    expect(refusal(await exchange())).to.deep.equal([403, 'AUTHORIZATION_ERROR', 'deactivated']);
    const banned = await created();
    const ban = { reason: 'spam', until: new Date(Date.now() + 3_600_000).toISOString(), actor_id: 'usr_x' };
    await auth.inside('post', `/internal/accounts/${banned.user.id}/ban`).send(ban);
    expect(refusal(await exchange())).to.deep.equal([403, 'AUTHORIZATION_ERROR', 'spam']);
    expect(lines.at(-1)).to.include({ event: 'token.exchange_refused', reason: 'banned' });
    await auth.ctx
      .db('accounts')
      .where('user_id', banned.user.id)
      .update({ banned_until: new Date(Date.now() - 1000) });
    expect((await exchange()).status).to.equal(200);
  });

  it('refuses who becomes an admin, or is erased, while it runs', async () => {
    const { user } = await created();
    users.meanwhile = () => auth.ctx.db('accounts').where('user_id', user.id).update({ role: 'admin' });
    expect(refusal(await exchange({ name: 'Late' }))).to.deep.equal([403, 'AUTHORIZATION_ERROR', 'admin']);
    users.meanwhile = async () => undefined;
    await created();
    const erasure = await auth.ctx.db.transaction();
    await erasure.raw('select from accounts where external_id = ? for update', [`person-${made}`]);
    const waiting = exchange({ iss: CLOSED, uid: `person-${made}` });
    await eventually(async () => (await auth.ctx.db('pg_locks').where('granted', false)).length > 0);
    await erasure('accounts').where('external_id', `person-${made}`).delete();
    await erasure.commit();
    const answer = await waiting;
    expect(refusal(answer)).to.deep.equal([...UNAUTHENTICATED, 'user']);
  });

  it('of an erased user makes a new person', async () => {
    const { user } = await created();
    await auth.inside('delete', `/internal/accounts/${user.id}`);
    const { body } = await exchange();
    expect(body.user.external_id).to.equal(user.external_id);
    expect(body.user.id).to.not.equal(user.id);
  });

  it('works while the user service is away: the profile follows', async () => {
    users.down = true;
    const { user } = await created({ name: 'Later', picture: 'https://app.example/b.png' });
    expect(user.display_name).to.equal('Later');
    expect((await exchange({ name: 'Even later' })).status).to.equal(200);
    const pending = await auth.ctx.db('profile_changes').where('user_id', user.id);
    expect(pending).to.have.length(1);
  });

  it('is a request of exactly this grant', async () => {
    const good = bodyOf(await token());
    const bad: [object, string][] = [
      [{ ...good, grant_type: 'authorization_code' }, 'grant_type'],
      [{ ...good, grant_type: undefined }, 'grant_type'],
      [{ ...good, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' }, 'subject_token_type'],
      [{ ...good, subject_token: '' }, 'subject_token'],
      [{ ...good, subject_token: 7 }, 'subject_token'],
      [{ ...good, subject_token: 'x'.repeat(16_385) }, 'subject_token'],
      [{ ...good, requested_token_type: JWT }, 'requested_token_type'],
      [{ ...good, actor_token: 'x' }, 'actor_token'],
    ];
    for (const [body, field] of bad) {
      const answer = await send(body);
      expect([answer.status, answer.body.code, answer.body.details.fields[0].path]).to.deep.equal([
        400,
        'VALIDATION_ERROR',
        field,
      ]);
    }
    const asked = { ...good, requested_token_type: 'urn:ietf:params:oauth:token-type:access_token' };
    expect((await send(asked)).status).to.equal(200);
  });

  it('is in the security log with its reason, and without the token', async () => {
    lines = collectSecurityLines(auth.ctx);
    const { user } = await created();
    const bad = await token({ aud: 'other' });
    await send(bodyOf(bad));
    expect(lines.map(({ event, reason }) => [event, reason])).to.deep.equal([
      ['token.exchanged', undefined],
      ['token.exchange_refused', 'audience'],
    ]);
    expect(lines[0]).to.include({ user_id: user.id });
    expect(lines[0]?.target_id).to.match(/^iss_/);
    expect(JSON.stringify(lines)).to.not.include(bad);
  });

  it('fails as a whole when the database does', async () => {
    await auth.ctx.db.raw('alter table sessions rename to sessions_away');
    expect((await exchange()).status).to.equal(500);
    await auth.ctx.db.raw('alter table sessions_away rename to sessions');
  });
});
