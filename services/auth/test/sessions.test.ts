import { REVOCATIONS_CHANNEL, type Revocation } from '@chatapi/bus';
import type { Identity } from '@chatapi/kit/auth';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { type Auth, claimsOf, GOOD, openAuth, type Person, personOf } from './harness.ts';

const NEW = 'quite another 77';

describe('sessions', () => {
  let auth: Auth & { schema: string };
  let person: Person;
  let n = 0;
  before(async () => {
    auth = await openAuth();
  });
  beforeEach(async () => {
    person = await auth.register(`holder${n++}`);
  });
  after(() => auth?.close());

  const again = async (): Promise<Person> => personOf((await auth.login(person.username)).body);
  const list = async (as: Person): Promise<Record<string, unknown>[]> =>
    (await auth.ask('get', '/users/me/sessions', auth.as(as))).body.sessions;
  const refreshable = async (p: Person): Promise<boolean> =>
    (await auth.ask('post', '/users/refresh').send({ refresh_token: p.refresh_token })).status === 200;
  const revocations = async (after = 0): Promise<Revocation[]> =>
    (await auth.inside('get', `/internal/revocations?after=${after}`)).body.revocations;
  const change = (body: object, as = person) => auth.ask('put', '/users/me/password', auth.as(as)).send(body);

  it('are listed newest first with IP address, agent, times and which one is current', async () => {
    const second = await again();
    const sessions = await list(person);
    expect(sessions.map(({ id, current }) => [id, current])).to.deep.equal([
      [second.session_id, false],
      [person.session_id, true],
    ]);
    expect(sessions[0]).to.have.all.keys('id', 'name', 'created_at', 'last_used_at', 'ip', 'user_agent', 'current');
    expect(sessions[0]).to.include({ ip: '192.0.2.1', user_agent: 'mocha' });
    expect(sessions[0]?.created_at).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const { body } = await auth.ask('get', '/users/me/sessions/?limit=1', auth.as(person));
    expect(body.sessions).to.have.length(1);
    expect(body.has_more).to.equal(true);
    const next = await auth.ask('get', `/users/me/sessions/?limit=1&cursor=${body.next_cursor}`, auth.as(person));
    expect(next.body.sessions[0].id).to.equal(sessions[1]?.id);
  });

  it('show their last use, IP address and agent, cut to 300 characters', async () => {
    await auth
      .ask('post', '/users/refresh', { kind: 'anonymous', ip: '192.0.2.9', user_agent: 'x'.repeat(900) })
      .send({ refresh_token: person.refresh_token });
    const [session] = await list(person);
    expect(session).to.include({ ip: '192.0.2.9', user_agent: 'x'.repeat(300) });
    expect(String(session?.last_used_at) > String(session?.created_at)).to.equal(true);
  });

  it('are listed for staff page by page, and whole for an export', async () => {
    const second = await again();
    const of = (path: string) => auth.inside('get', `/internal/accounts/${path}`);
    const first = (await of(`${person.id}/session-page?limit=1`)).body;
    expect(first).to.include({ has_more: true });
    expect(first.sessions.map(({ id }: { id: string }) => id)).to.deep.equal([second.session_id]);
    const next = (await of(`${person.id}/session-page?limit=1&cursor=${first.next_cursor}`)).body;
    expect(next).to.include({ has_more: false });
    const all = (await of(`${person.id}/sessions`)).body.sessions;
    expect(all).to.deep.equal([...first.sessions, ...next.sessions]);
    expect((await of(`${person.id}/session-count`)).body).to.deep.equal({ sessions: 2 });
    expect((await of('usr_nobody/session-page')).status).to.equal(404);
  });

  it('logout ends only this one, is idempotent and records a revocation', async () => {
    const second = await again();
    for (let i = 0; i < 2; i++) expect((await auth.ask('post', '/users/logout', auth.as(person))).status).to.equal(204);
    expect(await refreshable(person)).to.equal(false);
    expect(await refreshable(second)).to.equal(true);
    const mine = (await revocations()).filter(({ subject }) => subject === person.session_id);
    expect(mine.map(({ kind }) => kind)).to.deep.equal(['session']);
  });

  it('one can be ended by its id; another user’s is 404 and stays', async () => {
    const second = await again();
    const other = await auth.register(`other${n++}`);
    expect((await auth.ask('delete', `/users/me/sessions/${second.session_id}`, auth.as(other))).status).to.equal(404);
    expect((await auth.ask('delete', `/users/me/sessions/${second.session_id}`, auth.as(person))).status).to.equal(204);
    expect((await auth.ask('delete', '/users/me/sessions/ses_none', auth.as(person))).status).to.equal(404);
    expect(await refreshable(second)).to.equal(false);
    expect(await refreshable(person)).to.equal(true);
  });

  /** Whether a token survives the newest revocation of its user, by the rule of the gateways. */
  const admitted = async (token: string): Promise<boolean> => {
    const { sub, iat } = claimsOf(token) as { sub: string; iat: number };
    const records = (await revocations()).filter(({ kind, subject }) => kind === 'user' && subject === sub);
    return records.every(({ at }) => Math.round(iat * 1000) >= Date.parse(at));
  };

  it('all others can be ended at once; this one continues with the new tokens', async () => {
    const others = [await again(), await again()];
    for (let i = 0; i < 2; i++) {
      const { status, body } = await auth.ask('delete', '/users/me/sessions', auth.as(person));
      expect(status).to.equal(200);
      expect(body).to.have.all.keys('access_token', 'refresh_token', 'token_type', 'expires_in');
      expect(claimsOf(body.access_token)).to.include({ sub: person.id, sid: person.session_id });
      expect(await Promise.all([...others, person].map(({ access_token }) => admitted(access_token)))).to.deep.equal([
        false,
        false,
        false,
      ]);
      expect(await admitted(body.access_token)).to.equal(true);
      expect(await Promise.all(others.map(refreshable))).to.deep.equal([false, false]);
      person = { ...person, access_token: body.access_token, refresh_token: body.refresh_token };
    }
    expect(await refreshable(person)).to.equal(true);
  });

  it('a refresh token of the previous chain is refused, and this session continues', async () => {
    const second = (await auth.ask('post', '/users/refresh').send({ refresh_token: person.refresh_token })).body;
    const { body } = await auth.ask('delete', '/users/me/sessions', auth.as(person));
    for (const { refresh_token } of [person, second])
      expect(await refreshable({ ...person, refresh_token })).to.equal(false);
    expect(await refreshable({ ...person, refresh_token: body.refresh_token })).to.equal(true);
  });

  /** The caller as gateways send it, with the time of the token. */
  const stamped = (token: string): Identity =>
    ({ ...auth.as(person), issued_at: Math.round((claimsOf(token).iat as number) * 1000) }) as Identity;

  it('an older token, let in by a gateway that lags behind, gets no new chain', async () => {
    const thief = stamped(person.access_token);
    const { body } = await auth.ask('delete', '/users/me/sessions', thief);
    const answers = await Promise.all([
      auth.ask('delete', '/users/me/sessions', thief),
      auth.ask('put', '/users/me/password', thief).send({ current_password: GOOD, new_password: 'quite another 17' }),
    ]);
    expect(answers.map(({ status }) => status)).to.deep.equal([401, 401]);
    expect((await auth.login(person.username)).status).to.equal(200);
    expect(await refreshable({ ...person, refresh_token: body.refresh_token })).to.equal(true);
    expect(await admitted(body.access_token)).to.equal(true);
    expect((await auth.ask('delete', '/users/me/sessions', stamped(body.access_token))).status).to.equal(200);
  });

  it('five concurrent requests to end all others with one token: one gets tokens, which are valid', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => auth.ask('delete', '/users/me/sessions', stamped(person.access_token))),
    );
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 401, 401, 401, 401]);
    const { body } = answers.find(({ status }) => status === 200) as (typeof answers)[number];
    expect(await refreshable({ ...person, refresh_token: body.refresh_token })).to.equal(true);
  });

  it('a session that has ended ends no others', async () => {
    const second = await again();
    await auth.ask('post', '/users/logout', auth.as(person));
    expect((await auth.ask('delete', '/users/me/sessions', auth.as(person))).status).to.equal(401);
    expect(await refreshable(second)).to.equal(true);
  });

  it('a refresh and an end of all others at once leave one chain', async () => {
    for (let i = 0; i < 10; i++) {
      const p = await auth.register(`moment${n++}`);
      const [, renewed] = await Promise.all([
        auth.ask('post', '/users/refresh').send({ refresh_token: p.refresh_token }),
        auth.ask('delete', '/users/me/sessions', auth.as(p)),
      ]);
      expect(renewed.status).to.equal(200);
      const rows = await auth.ctx.db('refresh_tokens').where('session_id', p.session_id);
      expect(rows).to.have.length(1);
      expect(await refreshable({ ...p, refresh_token: renewed.body.refresh_token })).to.equal(true);
    }
  });

  it('an admin ends all of them; an unknown user is 404', async () => {
    expect((await auth.inside('delete', `/internal/accounts/${person.id}/sessions`)).status).to.equal(204);
    expect(await refreshable(person)).to.equal(false);
    const before = await revocations();
    expect((await auth.inside('delete', `/internal/accounts/${person.id}/sessions`)).status).to.equal(204);
    expect(await revocations()).to.have.length(before.length);
    expect((await auth.inside('delete', '/internal/accounts/usr_none/sessions')).status).to.equal(404);
  });

  it('a password change ends all others and renews this one; the old password is wrong afterwards', async () => {
    const second = await again();
    const { status, body } = await change({ current_password: GOOD, new_password: NEW });
    expect(status).to.equal(200);
    expect([await refreshable(second), await refreshable(person)]).to.deep.equal([false, false]);
    expect(await refreshable({ ...person, refresh_token: body.refresh_token })).to.equal(true);
    expect((await auth.login(person.username, GOOD)).status).to.equal(401);
    expect((await auth.login(person.username, NEW)).status).to.equal(200);
  });

  it('a token issued right after the change is newer than its revocation', async () => {
    await change({ current_password: GOOD, new_password: NEW });
    const { body } = await auth.login(person.username, NEW);
    const at = (await revocations()).findLast(({ subject }) => subject === person.id)?.at as string;
    expect((claimsOf(body.access_token).iat as number) * 1000).to.be.greaterThan(Date.parse(at) - 0.001);
    expect((claimsOf(person.access_token).iat as number) * 1000).to.be.below(Date.parse(at));
  });

  it('a wrong current password is 401; five of them stop the holder of a stolen token', async () => {
    const body = { current_password: 'a guess', new_password: NEW };
    for (let i = 0; i < 5; i++) expect((await change(body)).status).to.equal(401);
    expect((await change({ current_password: GOOD, new_password: NEW })).status).to.equal(429);
    expect((await auth.login(person.username)).status).to.equal(200);
  });

  for (const [what, body] of Object.entries({
    weak: { current_password: GOOD, new_password: 'password' },
    'too long': { current_password: GOOD, new_password: 'kJ8#mQ2$vX'.repeat(8) },
    'the old one': { current_password: GOOD, new_password: GOOD },
    missing: { current_password: GOOD },
  })) {
    it(`a new password that is ${what} is refused`, async () => {
      const answer = await change(body);
      expect(answer.status).to.equal(400);
      expect(answer.body.details.fields[0].path).to.equal('new_password');
    });
  }

  it('of two password changes at once one wins, the other gets 401', async () => {
    const answers = await Promise.all(
      ['one of these 11', 'two of these 22'].map((new_password) => change({ current_password: GOOD, new_password })),
    );
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 401]);
  });

  it('a password change is 401 for a deleted account, and 503 without counting when hashing is busy', async () => {
    expect(
      (await change({ current_password: GOOD, new_password: NEW }, { ...person, id: 'usr_gone' })).status,
    ).to.equal(401);
    const { hasher } = auth.ctx;
    auth.ctx.hasher = { ...hasher, matches: () => Promise.reject(new Error('Command timed out')) };
    expect((await change({ current_password: GOOD, new_password: NEW })).status).to.equal(503);
    auth.ctx.hasher = hasher;
    expect(await auth.ctx.db('login_failures').where('account_key', `change ${person.id}`)).to.deep.equal([]);
  });

  it('are refused to anonymous callers', async () => {
    for (const [method, path] of [
      ['post', '/users/logout'],
      ['get', '/users/me/sessions'],
      ['put', '/users/me/password'],
      ['delete', '/users/me/sessions/x'],
    ] as const) {
      expect((await auth.ask(method, path)).status, path).to.equal(401);
    }
  });

  it('the end of a session is signalled at once', async () => {
    const received: Revocation[] = [];
    const listener = new Redis(process.env.TEST_REDIS_URL as string);
    await listener.subscribe(REVOCATIONS_CHANNEL);
    listener.on('message', (_, text) => received.push(...(JSON.parse(text) as Revocation[])));
    await auth.ask('post', '/users/logout', auth.as(person));
    await new Promise((resolve) => setTimeout(resolve, 100));
    listener.disconnect();
    expect(received.map(({ subject }) => subject)).to.include(person.session_id);
  });

  it('the end of a session is committed although Redis is away', async () => {
    const lonely = await openAuth({ REDIS_URL: 'redis://127.0.0.1:1' }, auth.schema);
    try {
      expect((await lonely.ask('post', '/users/logout', lonely.as(person))).status).to.equal(204);
    } finally {
      await lonely.close();
    }
    expect((await revocations()).some(({ subject }) => subject === person.session_id)).to.equal(true);
  });
});
