import { REVOCATIONS_CHANNEL, type Revocation } from '@chatapi/bus';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { forget } from '../src/jobs.ts';
import { insertRevocation } from '../src/revocation-store.ts';
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

  it('are listed newest first with address, agent, times and which is this one', async () => {
    const second = await again();
    const sessions = await list(person);
    expect(sessions.map(({ id, current }) => [id, current])).to.deep.equal([
      [second.session_id, false],
      [person.session_id, true],
    ]);
    expect(sessions[0]).to.have.all.keys('id', 'created_at', 'last_used_at', 'ip', 'user_agent', 'current');
    expect(sessions[0]).to.include({ ip: '192.0.2.1', user_agent: 'mocha' });
    expect(sessions[0]?.created_at).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const { body } = await auth.ask('get', '/users/me/sessions/?limit=1', auth.as(person));
    expect(body.sessions).to.have.length(1);
    expect(body.has_more).to.equal(true);
  });

  it('show their last use, address and agent, the agent cut to 300 characters', async () => {
    await auth
      .ask('post', '/users/refresh', { kind: 'anonymous', ip: '192.0.2.9', user_agent: 'x'.repeat(900) })
      .send({ refresh_token: person.refresh_token });
    const [session] = await list(person);
    expect(session).to.include({ ip: '192.0.2.9', user_agent: 'x'.repeat(300) });
    expect(String(session?.last_used_at) > String(session?.created_at)).to.equal(true);
  });

  it('logout ends this one only, twice alike, and tells the doors', async () => {
    const second = await again();
    for (let i = 0; i < 2; i++) expect((await auth.ask('post', '/users/logout', auth.as(person))).status).to.equal(204);
    expect(await refreshable(person)).to.equal(false);
    expect(await refreshable(second)).to.equal(true);
    const mine = (await revocations()).filter(({ subject }) => subject === person.session_id);
    expect(mine.map(({ kind }) => kind)).to.deep.equal(['session']);
  });

  it('one can be ended by its id; another user’s is not found and stays', async () => {
    const second = await again();
    const stranger = await auth.register(`stranger${n++}`);
    expect((await auth.ask('delete', `/users/me/sessions/${second.session_id}`, auth.as(stranger))).status).to.equal(
      404,
    );
    expect((await auth.ask('delete', `/users/me/sessions/${second.session_id}`, auth.as(person))).status).to.equal(204);
    expect((await auth.ask('delete', '/users/me/sessions/ses_none', auth.as(person))).status).to.equal(404);
    expect(await refreshable(second)).to.equal(false);
    expect(await refreshable(person)).to.equal(true);
  });

  it('all others can be ended at once', async () => {
    const others = [await again(), await again()];
    expect((await auth.ask('delete', '/users/me/sessions', auth.as(person))).status).to.equal(204);
    expect(await Promise.all(others.map(refreshable))).to.deep.equal([false, false]);
    expect(await refreshable(person)).to.equal(true);
    const said = (await revocations()).filter(({ subject }) => subject === person.id);
    expect(said.map(({ kind, except }) => [kind, except])).to.deep.equal([['user', person.session_id]]);
    await auth.ask('delete', '/users/me/sessions', auth.as(person));
    expect((await revocations()).filter(({ subject }) => subject === person.id)).to.have.length(1);
  });

  it('an admin ends all of them; of nobody, it is not found', async () => {
    expect((await auth.inside('delete', `/internal/accounts/${person.id}/sessions`)).status).to.equal(204);
    expect(await refreshable(person)).to.equal(false);
    expect((await auth.inside('delete', '/internal/accounts/usr_none/sessions')).status).to.equal(404);
  });

  it('a change of password ends all others, keeps this one, and the old password is wrong from then on', async () => {
    const second = await again();
    expect((await change({ current_password: GOOD, new_password: NEW })).status).to.equal(204);
    expect([await refreshable(second), await refreshable(person)]).to.deep.equal([false, true]);
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

  it('a wrong current password is 401, and five of them stop the guessing of who holds a stolen token', async () => {
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

  it('of two changes at once one wins, the other is wrong', async () => {
    const answers = await Promise.all(
      ['one of these 11', 'two of these 22'].map((new_password) => change({ current_password: GOOD, new_password })),
    );
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([204, 401]);
  });

  it('a change for an account that is gone is 401; one that can’t be hashed now is 503 and counts nothing', async () => {
    expect(
      (await change({ current_password: GOOD, new_password: NEW }, { ...person, id: 'usr_gone' })).status,
    ).to.equal(401);
    const { hasher } = auth.ctx;
    auth.ctx.hasher = { ...hasher, matches: () => Promise.reject(new Error('Command timed out')) };
    expect((await change({ current_password: GOOD, new_password: NEW })).status).to.equal(503);
    auth.ctx.hasher = hasher;
    expect(await auth.ctx.db('login_failures').where('account_key', `change ${person.id}`)).to.deep.equal([]);
  });

  it('without a user there is no way in', async () => {
    for (const [method, path] of [
      ['post', '/users/logout'],
      ['get', '/users/me/sessions'],
      ['put', '/users/me/password'],
      ['delete', '/users/me/sessions/x'],
    ] as const) {
      expect((await auth.ask(method, path)).status, path).to.equal(401);
    }
  });

  it('an end is signalled at once', async () => {
    const heard: Revocation[] = [];
    const listener = new Redis(process.env.TEST_REDIS_URL as string);
    await listener.subscribe(REVOCATIONS_CHANNEL);
    listener.on('message', (_, text) => heard.push(...(JSON.parse(text) as Revocation[])));
    await auth.ask('post', '/users/logout', auth.as(person));
    await new Promise((resolve) => setTimeout(resolve, 100));
    listener.disconnect();
    expect(heard.map(({ subject }) => subject)).to.include(person.session_id);
  });

  it('an end is committed although Redis is away', async () => {
    const lonely = await openAuth({ REDIS_URL: 'redis://127.0.0.1:1' }, auth.schema);
    try {
      expect((await lonely.ask('post', '/users/logout', lonely.as(person))).status).to.equal(204);
    } finally {
      await lonely.close();
    }
    expect((await revocations()).some(({ subject }) => subject === person.session_id)).to.equal(true);
  });
});

describe('revocations', () => {
  let auth: Auth & { schema: string };
  before(async () => {
    auth = await openAuth();
  });
  after(() => auth?.close());

  it('a reader that polls while sixteen writers commit out of order skips none', async () => {
    const seen: number[] = [];
    let last = 0;
    let writing = true;
    const read = async (): Promise<void> => {
      const { body } = await auth.inside('get', `/internal/revocations?after=${last}`);
      seen.push(...body.revocations.map(({ seq }: Revocation) => seq));
      last = body.last_seq;
    };
    const reader = (async () => {
      while (writing) await read();
    })();
    await Promise.all(
      Array.from({ length: 16 }, async (_, w) => {
        for (let i = 0; i < 10; i++) {
          await auth.ctx.db.transaction(async (trx) => {
            await insertRevocation(trx, { kind: 'session', subject: `s${w}.${i}` });
            if (i % 3 === 0) await trx.raw('select pg_sleep(0.002)');
          });
        }
      }),
    );
    writing = false;
    await reader;
    await read();
    expect(seen).to.have.length(160);
    expect(new Set(seen).size).to.equal(160);
  });

  it('are forgotten when no token from before them can be good', async () => {
    await auth.ctx.db.raw("update revocations set at = now() - interval '41 minutes' where seq % 2 = 0");
    await forget(auth.ctx);
    expect((await auth.inside('get', '/internal/revocations')).body.revocations).to.have.length(80);
  });
});
