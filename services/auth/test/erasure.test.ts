import { recordFact } from '@chatapi/bus';
import { expect } from 'chai';
import { deleteAccount } from '../src/account-store.ts';
import { createAccount } from '../src/accounts.ts';
import { blockName } from '../src/blocked-name-store.ts';
import { eraseOwnAccount } from '../src/erasure.ts';
import { login } from '../src/login.ts';
import { nameKey, unknownNameKey } from '../src/name-key.ts';
import { deleteExpired } from '../src/sweeps.ts';
import { type Auth, GOOD, openAuth, type Person } from './harness.ts';

const FROM = { ip: '192.0.2.1', user_agent: 'mocha', request_id: 'req_test', language: 'en' } as const;

describe('the erasure of an account', () => {
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

  it('by its owner needs the password, and counts wrong ones', async () => {
    for (let i = 0; i < 5; i++) expect((await erase('not the password 1')).status).to.equal(401);
    expect((await erase(GOOD)).status).to.equal(429);
    expect(await rows('accounts')).to.have.length(1);
  });

  it('by its owner ends account and sessions at once, revokes its tokens and frees the email', async () => {
    expect((await erase(GOOD)).status).to.equal(204);
    expect([await rows('accounts'), await rows('sessions')]).to.deep.equal([[], []]);
    expect((await auth.login(person.username)).status).to.equal(401);
    expect((await auth.ask('post', '/users/refresh').send({ refresh_token: person.refresh_token })).status).to.equal(
      401,
    );
    expect(await revoked()).to.have.length(1);
    const again = { username: `other${n++}`, email: `${person.username}@example.com`, password: GOOD };
    expect((await auth.ask('post', '/users/register').send(again)).status).to.equal(201);
  });

  it('is on record beside the audit log, so that its texts may be removed, also by the version before', async () => {
    const onRecord = async (id: string): Promise<number> =>
      (await auth.ctx.db('audit.erasures').where('user_id', id)).length;
    expect(await onRecord(person.id)).to.equal(0);
    await erase(GOOD);
    expect(await onRecord(person.id)).to.equal(1);
    // The version before knows nothing of it and only publishes the fact.
    await recordFact(auth.ctx.db, 'account.erased', {
      user_id: `usr_${person.id}`,
      erased_at: new Date().toISOString(),
    });
    expect(await onRecord(`usr_${person.id}`)).to.equal(1);
  });

  it('blocks the username in any case for 90 days, by a hash that is then deleted', async () => {
    expect((await erase(GOOD)).status).to.equal(204);
    const take = (username: string) =>
      auth.ask('post', '/users/register').send({ username, email: `again${n++}@example.com`, password: GOOD });
    for (const username of [person.username, person.username.toUpperCase()]) {
      const { status, body } = await take(username);
      expect([status, body.code, body.details.fields[0].path]).to.deep.equal([409, 'CONFLICT', 'username']);
    }
    const blocked = auth.ctx.db('blocked_names');
    const rows = await blocked.clone();
    expect(JSON.stringify(rows)).to.not.include(person.username);
    const last = Math.max(...rows.map(({ blocked_until }: { blocked_until: Date }) => blocked_until.getTime()));
    expect((last - Date.now()) / 86_400_000).to.be.closeTo(90, 0.1);
    await blocked.clone().update({ blocked_until: new Date(Date.now() - 1000) });
    await deleteExpired(auth.ctx);
    expect(await blocked.clone()).to.deep.equal([]);
    expect((await take(person.username)).status).to.equal(201);
  });

  it('blocks the username also for a registration that waits for the erasure', async () => {
    const { ctx } = auth;
    const waiting: Promise<unknown>[] = [];
    await ctx.db.transaction(async (trx) => {
      await deleteAccount(trx, person.id);
      const other = { username: person.username, email: `waits${n++}@example.com` };
      waiting.push(
        ctx.db.transaction((own) => createAccount(own, other, 'hash', { role: 'user' })).catch((error) => error.code),
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
      await blockName(trx, unknownNameKey(nameKey(person.username)), 90);
    });
    expect(await waiting[0]).to.equal('CONFLICT');
  });

  it('by an admin needs no password; an unknown user is 404, and the last admin stays', async () => {
    expect((await auth.inside('delete', `/internal/accounts/${person.id}`)).status).to.equal(204);
    expect((await auth.inside('delete', `/internal/accounts/${person.id}`)).status).to.equal(404);
    const admin = await auth.register(`onlyadmin${n++}`);
    await auth.inside('put', `/internal/accounts/${admin.id}/role`).send({ role: 'admin', actor_id: person.id });
    expect((await auth.inside('delete', `/internal/accounts/${admin.id}`)).status).to.equal(403);
  });

  it('is refused when the password was changed while it was checked', async () => {
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
    expect(await eraseOwnAccount(ctx, caller as never, GOOD, FROM).catch(codeOf)).to.equal('AUTHENTICATION_ERROR');
    const who = { username_or_email: person.username, password: GOOD };
    expect(await login(ctx, FROM, who).catch(codeOf)).to.equal('AUTHENTICATION_ERROR');
    expect(await rows('accounts')).to.have.length(1);
  });

  it('is visible to services that compare their data with the accounts', async () => {
    const ask = (body: object) => auth.inside('post', '/internal/accounts/states').send(body);
    const { body } = await ask({ ids: [person.id, 'usr_nobody'] });
    expect(body.states.map(({ user_id }: { user_id: string }) => user_id)).to.deep.equal([person.id]);
    expect((await ask({ after: person.id, limit: 10 })).body.states).to.deep.equal([]);
    const all = (await ask({ after: '', limit: 1000 })).body.states;
    expect(all.map(({ user_id }: { user_id: string }) => user_id)).to.include(person.id);
  });
});
