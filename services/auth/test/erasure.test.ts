import { expect } from 'chai';
import { eraseOwnAccount } from '../src/erasure.ts';
import { login } from '../src/login.ts';
import { type Auth, GOOD, openAuth, type Person } from './harness.ts';

const FROM = { ip: '192.0.2.1', user_agent: 'mocha' };

describe('the end of an account', () => {
  let auth: Auth;
  let person: Person;
  let n = 0;
  before(async () => {
    auth = await openAuth();
  });
  beforeEach(async () => {
    person = await auth.register(`erased${n++}`);
  });
  after(() => auth?.close());
  const erase = (password: string) => auth.ask('delete', '/users/me', auth.as(person)).send({ password });
  const rows = (table: string) => auth.ctx.db(table).where('user_id', person.id);
  const revoked = async (): Promise<unknown[]> =>
    (await auth.inside('get', '/internal/revocations?after=0')).body.revocations.filter(
      ({ subject }: { subject: string }) => subject === person.id,
    );

  it('by its owner needs the password, and counts wrong ones as tries', async () => {
    for (let i = 0; i < 5; i++) expect((await erase('not the password 1')).status).to.equal(401);
    expect((await erase(GOOD)).status).to.equal(429);
    expect(await rows('accounts')).to.have.length(1);
  });

  it('by its owner ends account and sessions at once, tells the doors, and frees the names', async () => {
    expect((await erase(GOOD)).status).to.equal(204);
    expect([await rows('accounts'), await rows('sessions')]).to.deep.equal([[], []]);
    expect((await auth.login(person.username)).status).to.equal(401);
    expect((await auth.ask('post', '/users/refresh').send({ refresh_token: person.refresh_token })).status).to.equal(
      401,
    );
    expect(await revoked()).to.have.length(1);
    const again = await auth.register(person.username);
    expect(again.id).to.not.equal(person.id);
  });

  it('by an admin needs none; nobody is not found, and the last admin stays', async () => {
    expect((await auth.inside('delete', `/internal/accounts/${person.id}`)).status).to.equal(204);
    expect((await auth.inside('delete', `/internal/accounts/${person.id}`)).status).to.equal(404);
    const admin = await auth.register(`onlyadmin${n++}`);
    await auth.inside('put', `/internal/accounts/${admin.id}/role`).send({ role: 'admin', actor_id: person.id });
    expect((await auth.inside('delete', `/internal/accounts/${admin.id}`)).status).to.equal(403);
  });

  it('does not come on a password that was changed while it was looked at', async () => {
    const hasher = {
      ...auth.ctx.hasher,
      matches: async () => {
        await rows('accounts').update({ password_hash: `changed ${n++}` });
        return true;
      },
    };
    const ctx = { ...auth.ctx, hasher };
    const caller = {
      ...auth.as(person),
      kind: 'user',
      user_id: person.id,
      session_id: person.session_id,
      role: 'user',
    } as const;
    const codeOf = (error: { code: string }): string => error.code;
    expect(await eraseOwnAccount(ctx, caller as never, GOOD).catch(codeOf)).to.equal('AUTHENTICATION_ERROR');
    const who = { username_or_email: person.username, password: GOOD };
    expect(await login(ctx, FROM, who, 'req_test').catch(codeOf)).to.equal('AUTHENTICATION_ERROR');
    expect(await rows('accounts')).to.have.length(1);
  });

  it('is seen by services that compare what they have with the accounts there are', async () => {
    const ask = (body: object) => auth.inside('post', '/internal/accounts/states').send(body);
    const { body } = await ask({ ids: [person.id, 'usr_nobody'] });
    expect(body.states.map(({ user_id }: { user_id: string }) => user_id)).to.deep.equal([person.id]);
    expect((await ask({ after: person.id, limit: 10 })).body.states).to.deep.equal([]);
    const all = (await ask({ after: '', limit: 1000 })).body.states;
    expect(all.map(({ user_id }: { user_id: string }) => user_id)).to.include(person.id);
  });
});
