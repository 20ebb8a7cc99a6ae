import type { Revocation } from '@chatapi/bus';
import { expect } from 'chai';
import { liftExpiredBan } from '../src/bans.ts';
import { type Auth, GOOD, openAuth, type Person } from './harness.ts';

const inFuture = (ms: number): string => new Date(Date.now() + ms).toISOString();
const until = async (check: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + 5000; !(await check()); ) {
    if (Date.now() > end) throw new Error('waited too long');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

describe('bans and roles', () => {
  let auth: Auth & { schema: string };
  let admin: Person;
  let person: Person;
  let n = 0;
  before(async () => {
    auth = await openAuth();
    admin = await auth.register('root');
    await auth.ctx.db('accounts').where('user_id', admin.id).update({ role: 'admin' });
  });
  beforeEach(async () => {
    person = await auth.register(`banned${n++}`);
  });
  after(() => auth?.close());

  const ban = (id: string, body: object = {}, actor_id = admin.id) =>
    auth.inside('post', `/internal/accounts/${id}/ban`).send({ actor_id, ...body });
  const unban = (id: string) => auth.inside('post', `/internal/accounts/${id}/unban`);
  const role = (id: string, to: string) =>
    auth.inside('put', `/internal/accounts/${id}/role`).send({ role: to, actor_id: admin.id });
  const refreshed = async (p: Person) => auth.ask('post', '/users/refresh').send({ refresh_token: p.refresh_token });
  const said = async (subject: string): Promise<Revocation[]> =>
    (await auth.inside('get', '/internal/revocations')).body.revocations.filter(
      (r: Revocation) => r.subject === subject,
    );
  const facts = async (id: string): Promise<{ status: string; role: string; updated_at: string }[]> =>
    (
      await auth.ctx
        .db('outbox')
        .where('name', 'account.updated')
        .whereRaw("payload->>'user_id' = ?", [id])
        .orderBy('id')
    ).map(({ payload }) => payload);
  const outcome = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code];

  it('a ban ends all sessions, records a revocation and a fact, and returns the account', async () => {
    const { status, body } = await ban(person.id, { reason: 'spam' });
    expect(status).to.equal(200);
    expect(body).to.include({ user_id: person.id, status: 'banned', display_name: person.username });
    expect((await said(person.id)).map(({ kind }) => kind)).to.deep.equal(['ban']);
    expect((await facts(person.id)).map((f) => f.status)).to.deep.equal(['banned']);
    expect(outcome(await refreshed(person))).to.deep.equal([403, 'AUTHORIZATION_ERROR']);
  });

  it('login of a banned user is 403 with reason and until, but only with the right password', async () => {
    const end = inFuture(3_600_000);
    await ban(person.id, { reason: 'spam', until: end });
    const right = await auth.login(person.username);
    expect(outcome(right)).to.deep.equal([403, 'AUTHORIZATION_ERROR']);
    expect(right.body.details).to.deep.equal({ reason: 'spam', until: end });
    const wrong = await auth.login(person.username, 'wrong');
    expect(wrong.status).to.equal(401);
    expect(JSON.stringify(wrong.body)).to.not.include('spam');
  });

  it('an application key neither shortens a ban nor ends one, but makes it longer', async () => {
    const endOf = async () => (await auth.inside('get', `/internal/accounts/${person.id}`)).body.banned_until;
    const byKey = (until: string) => ban(person.id, { reason: 'key', until, spares_staff: true }, 'key_1');
    await byKey(inFuture(60_000));
    const later = inFuture(3_600_000);
    await byKey(later);
    expect(await endOf()).to.equal(later);
    await byKey(inFuture(1000));
    expect(await endOf()).to.equal(later);
    await ban(person.id, { reason: 'for good' });
    expect((await byKey(inFuture(1000))).status).to.equal(200);
    expect(await endOf()).to.equal(null);
  });

  it('an application key bans neither admins nor moderators', async () => {
    const spared = { spares_staff: true, until: inFuture(60_000) };
    await role(person.id, 'moderator');
    for (const id of [person.id, admin.id]) expect((await ban(id, spared, 'key_1')).status).to.equal(403);
    await role(person.id, 'user');
    expect((await ban(person.id, spared, 'key_1')).status).to.equal(200);
  });

  it('unban allows logins again and restores no session', async () => {
    await ban(person.id);
    expect((await unban(person.id)).body.status).to.equal('active');
    expect((await refreshed(person)).status).to.equal(401);
    expect((await auth.login(person.username)).status).to.equal(200);
    expect((await said(person.id)).map(({ kind }) => kind)).to.deep.equal(['ban', 'unban']);
    const [first = '', second = ''] = (await facts(person.id)).map(({ updated_at }) => updated_at);
    expect(second > first).to.equal(true);
  });

  it('a ban, unban or role that changes nothing publishes nothing', async () => {
    await unban(person.id);
    const end = inFuture(3_600_000);
    for (let i = 0; i < 2; i++) expect((await ban(person.id, { reason: 'x', until: end })).status).to.equal(200);
    await role(person.id, 'user');
    expect(await said(person.id)).to.have.length(1);
    expect(await facts(person.id)).to.have.length(1);
    expect((await ban(person.id, { reason: 'y', until: end })).body.ban_reason).to.equal('y');
  });

  for (const [what, body] of Object.entries({
    'until in the past': { until: '2020-01-01T00:00:00Z' },
    'until that is no time': { until: 'tomorrow' },
    'until with half a zone': { until: '2099-01-01T10:00:00+05' },
    'until on a day that does not exist': { until: '2099-02-30T10:00:00Z' },
    'a reason of 501 characters': { reason: 'x'.repeat(501) },
  })) {
    it(`refuses ${what}`, async () => {
      expect(outcome(await ban(person.id, body))).to.deep.equal([400, 'VALIDATION_ERROR']);
      expect(await said(person.id)).to.deep.equal([]);
    });
  }

  it('ignores unknown fields from a newer admin service', async () => {
    expect((await ban(person.id, { reason: 'x', of_tomorrow: true })).body.ban_reason).to.equal('x');
  });

  it('accepts a reason of 500 characters of any script', async () => {
    expect((await ban(person.id, { reason: '😀'.repeat(500) })).body.ban_reason).to.equal('😀'.repeat(500));
  });

  it('a ban, unban or role of an unknown user is 404', async () => {
    expect((await ban('usr_none')).status).to.equal(404);
    expect((await unban('usr_none')).status).to.equal(404);
    expect((await role('usr_none', 'admin')).status).to.equal(404);
  });

  it('refuses to ban oneself, and to ban or demote the last admin', async () => {
    expect(outcome(await ban(admin.id))).to.deep.equal([403, 'AUTHORIZATION_ERROR']);
    expect(outcome(await ban(admin.id, {}, person.id))).to.deep.equal([403, 'AUTHORIZATION_ERROR']);
    expect(outcome(await role(admin.id, 'user'))).to.deep.equal([403, 'AUTHORIZATION_ERROR']);
    expect((await role(admin.id, 'admin')).status).to.equal(200);
  });

  it('a banned admin does not count as a remaining admin', async () => {
    await role(person.id, 'admin');
    await ban(person.id);
    expect((await role(admin.id, 'user')).status).to.equal(403);
    await role(person.id, 'user');
  });

  it('when two admins ban or demote each other at once, one remains, every time', async () => {
    for (let i = 0; i < 10; i++) {
      const second = await auth.register(`second${n++}`);
      await role(second.id, 'admin');
      const [one, two] = await Promise.all([
        ban(second.id, {}, admin.id),
        i % 2 ? ban(admin.id, {}, second.id) : role(admin.id, 'user'),
      ]);
      expect([one.status, two.status].sort()).to.deep.equal([200, 403]);
      await auth.ctx.db('accounts').where('user_id', second.id).update({ role: 'user' });
      await auth.ctx
        .db('accounts')
        .where('user_id', admin.id)
        .update({ role: 'admin', status: 'active', ban_reason: null });
    }
  });

  it('a new role is in the revocation, in new tokens and in a fact', async () => {
    expect((await role(person.id, 'moderator')).body.role).to.equal('moderator');
    expect((await said(person.id)).map(({ kind, role: to }) => [kind, to])).to.deep.equal([['role', 'moderator']]);
    expect((await facts(person.id)).map((f) => f.role)).to.deep.equal(['moderator']);
    expect((await auth.login(person.username)).body.user.role).to.equal('moderator');
    expect((await role(person.id, 'emperor')).status).to.equal(400);
  });

  it('a ban ends by itself when its time has passed', async () => {
    await ban(person.id, { until: inFuture(300) });
    await until(async () => (await auth.inside('get', `/internal/accounts/${person.id}`)).body.status === 'active');
    expect((await facts(person.id)).map((f) => f.status)).to.deep.equal(['banned', 'active']);
    expect((await auth.login(person.username)).status).to.equal(200);
  });

  it('a login just after the ban ends does not wait for the sweep; one before it is refused', async () => {
    await ban(person.id, { until: inFuture(3_600_000) });
    await liftExpiredBan(auth.ctx, person.id);
    expect((await auth.login(person.username)).status).to.equal(403);
    await auth.ctx.sweeps.close();
    await auth.ctx
      .db('accounts')
      .where('user_id', person.id)
      .update({ banned_until: new Date(Date.now() - 1000) });
    expect((await auth.login(person.username)).status).to.equal(200);
  });

  it('a ban and twenty logins at once leave no live session', async () => {
    for (let i = 0; i < 3; i++) {
      const p = await auth.register(`racing${n++}`);
      const logins = Array.from({ length: 20 }, () => auth.login(p.username, GOOD));
      const [{ status }] = await Promise.all([ban(p.id), ...logins]);
      expect(status).to.equal(200);
      expect(await auth.ctx.db('sessions').where('user_id', p.id).whereNull('ended_at')).to.deep.equal([]);
    }
  });

  it('a ban and twenty refreshes at once cause no deadlock and leave no live session', async () => {
    const p = await auth.register(`racing${n++}`);
    const answers = await Promise.all([...Array.from({ length: 20 }, () => refreshed(p)), ban(p.id)]);
    expect(answers.every(({ status }) => [200, 401, 403].includes(status))).to.equal(true);
    expect(await auth.ctx.db('sessions').where('user_id', p.id).whereNull('ended_at')).to.deep.equal([]);
  });
});
