import { newId } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { silentSink } from '@chatapi/kit/testing';
import { expect } from 'chai';
import request from 'supertest';
import { closeOpenIntents, insertIntent, listEntries, redactEntries } from '../src/audit-store.ts';
import { createHandlers } from '../src/facts.ts';
import { as, ERROR, type Running, type StandIn, standIn, start } from './harness.ts';

/** Not the transaction itself. */
const isOfRule = (sql: string): boolean => !/^(?:begin|commit)/i.test(sql);

describe('the audit log', () => {
  let s: Running;
  let auth: StandIn;
  const authSays: StandIn['answer'] = ({ path }) => {
    const id = path.split('/')[3] as string;
    return id === 'usr_none' ? ERROR('RESOURCE_NOT_FOUND', 404) : [200, { user_id: id, username: id }];
  };
  before(async () => {
    auth = await standIn(authSays);
    s = await start({ AUTH_INTERNAL_URL: auth.url });
  });
  beforeEach(() => {
    auth.answer = authSays;
    auth.asked.length = 0;
  });
  after(async () => {
    await s?.stop();
    await auth?.stop();
  });
  const entries = async (query = '') =>
    (await request(s.app).get(`/admin/audit-log?${query}`).set(as('moderator')).expect(200)).body.entries;

  it('records a refused action with its reason', async () => {
    await request(s.app).post('/admin/users/usr_none/ban').set(as('admin')).expect(404);
    expect((await entries())[0]).to.include({ target_id: 'usr_none', outcome: 'refused', error: 'RESOURCE_NOT_FOUND' });
  });

  it('records unknown, not refused, when the service did not answer', async () => {
    auth.answer = () => [500, 'broken'];
    await request(s.app).post('/admin/users/usr_1/ban').set(as('admin')).expect(503);
    expect((await entries())[0]).to.include({ outcome: 'unknown', error: 'SERVICE_UNAVAILABLE' });
  });

  it('does not act when the intent can’t be written', async () => {
    await s.root.raw('alter table audit.intents rename to away');
    try {
      await request(s.app).post('/admin/users/usr_1/ban').set(as('admin')).expect(500);
    } finally {
      await s.root.raw('alter table audit.away rename to intents');
    }
    expect(auth.asked).to.deep.equal([]);
  });

  it('has the intent on record while the action runs', async () => {
    let seen: { outcome: string }[] = [];
    auth.answer = async (asked) => {
      seen = await entries();
      return authSays(asked) as [number, unknown];
    };
    await request(s.app).post('/admin/users/usr_1/unban').set(as('admin')).expect(200);
    expect(seen[0]).to.include({ action: 'user.unban', outcome: 'pending' });
  });

  it('closes the intent of a process that died as unknown, once only', async () => {
    await insertIntent(s.ctx.db, {
      id: 'aud_zz',
      action: 'user.ban',
      actor_id: 'usr_admin',
      target_id: 'usr_1',
      details: {},
      ip: '',
      request_id: 'r',
    });
    expect(await closeOpenIntents(s.ctx.db, 60_000)).to.equal(0);
    expect(await closeOpenIntents(s.ctx.db, -1000)).to.equal(1);
    expect(await closeOpenIntents(s.ctx.db, -1000)).to.equal(0);
    expect((await entries())[0]).to.include({ id: 'aud_zz', outcome: 'unknown' });
  });

  /** The error message; '' when it succeeded. */
  const refusal = (db: Knex, sql: string): Promise<string> =>
    db.raw(sql).then(
      () => '',
      (e: Error) => e.message,
    );

  it('refuses changes of the log even by a superuser', async () => {
    for (const sql of [
      'update audit.intents set actor_id = 1',
      `update audit.intents set details = '{}'`,
      'delete from audit.intents',
      'truncate audit.intents cascade',
      `update audit.outcomes set outcome = 'done'`,
      'delete from audit.outcomes',
      'truncate audit.outcomes',
    ])
      expect(await refusal(s.root, sql), sql).to.include('append-only');
  });

  it('refuses its own role to change, empty or drop the log', async () => {
    const before = await entries();
    for (const sql of [
      'update audit.intents set actor_id = 1',
      `set audit.forgetting = 'on'; update audit.intents set details = '{}'`,
      'delete from audit.intents',
      'truncate audit.intents cascade',
      'update audit.outcomes set error = null',
      'delete from audit.outcomes',
      'alter table audit.intents disable trigger all',
      'alter table audit.intents drop column ip',
      'alter table audit.intents rename to gone',
      'alter table audit.intents owner to chatapi_admin',
      'alter table audit.intents set schema admin',
      'drop trigger append_only on audit.intents',
      'create trigger mine before insert on audit.intents for each row execute function audit.append_only()',
      'create rule mine as on insert to audit.intents do instead nothing',
      'drop table audit.outcomes',
      'drop schema audit cascade',
      'create table audit.mine (id text)',
      'create or replace function audit.append_only() returns trigger language plpgsql as $$ begin return new; end $$',
      'set role chatapi_audit',
      'grant chatapi_audit to chatapi_admin',
      'set session_replication_role = replica',
    ])
      expect(await refusal(s.ctx.db, sql), sql).to.match(/permission denied|must be owner|append-only/);
    expect(await entries()).to.deep.equal(before);
  });

  it('refuses its own role to blank entries of somebody whom auth did not erase', async () => {
    await request(s.app).post('/admin/users/usr_here/ban').set(as('admin')).send({ reason: 'stays' }).expect(200);
    for (const sql of [
      `select audit.forget_words('usr_here', 100)`,
      `insert into audit.erasures (user_id) values ('usr_here')`,
      `select * from audit.erasures`,
      `create table audit_erasures (user_id text); set search_path = admin; select audit.forget_words('usr_here', 100)`,
    ])
      expect(await refusal(s.ctx.db, sql), sql).to.match(/permission denied|no erasure of usr_here/);
    expect((await entries('target_id=usr_here'))[0]).to.deep.include({ details: { reason: 'stays' }, ip: '192.0.2.1' });
  });

  it('refuses its own role to choose the time of an entry or of its outcome', async () => {
    const before = Date.now();
    await s.ctx.db.raw(
      `insert into audit.intents (id, action, actor_id, target_id, details, ip, request_id, created_at)
       values ('aud_old', 'user.ban', 'usr_a', 'usr_b', '{}', '', 'r', '2020-01-01')`,
    );
    await s.ctx.db.raw(
      `insert into audit.outcomes (audit_id, outcome, created_at) values ('aud_old', 'done', '2020-01-01')`,
    );
    for (const table of ['audit.intents', 'audit.outcomes']) {
      const key = table === 'audit.intents' ? 'id' : 'audit_id';
      const [{ created_at }] = await s.root(table).where(key, 'aud_old');
      expect(created_at.getTime(), table).to.be.at.least(before - 1000);
    }
  });

  it('redacts text by and about an erased user, and nothing else', async () => {
    await s.root('audit.erasures').insert({ user_id: 'usr_gone' });
    await request(s.app).post('/admin/users/usr_gone/ban').set(as('admin')).send({ reason: 'about' }).expect(200);
    await request(s.app)
      .post('/admin/users/usr_stays/ban')
      .set(as('admin', 'usr_gone'))
      .send({ reason: 'by', until: '2100-01-01T00:00:00.000Z' })
      .expect(200);
    await request(s.app).post('/admin/users/usr_stays/ban').set(as('admin')).send({ reason: 'kept' }).expect(200);
    const three = async () =>
      (await entries()).filter((e: { target_id: string }) => /usr_(gone|stays)/.test(e.target_id));
    const [kept, by, about] = await three();
    await redactEntries(s.ctx.db, ['usr_gone']);
    expect(await three()).to.deep.equal([
      kept,
      { ...by, ip: '', details: { ...by.details, reason: null } },
      { ...about, details: { reason: null } },
    ]);
    await redactEntries(s.ctx.db, ['usr_gone']);
    expect([kept.details.reason, kept.ip, by.ip]).to.deep.equal(['kept', '192.0.2.1', '192.0.2.1']);
  });

  it('has an entry for each of many acts of an application', async () => {
    const handlers = createHandlers(silentSink());
    const acts = Array.from({ length: 100 }, (_, i) => ({
      audit_id: newId('aud'),
      action: 'user.create',
      target_id: `usr_brought${i}`,
      details: { i },
    }));
    const by = { actor_id: 'key_1', ip: '192.0.2.9', request_id: 'req_many', at: new Date().toISOString() };
    let queries = 0;
    await s.ctx.db.transaction(async (trx) => {
      trx.on('query', ({ sql }) => void (isOfRule(sql) && queries++));
      await handlers['staff.acted_on_many']?.([{ ...by, acts }], trx);
    });
    expect(queries).to.equal(2);
    const entries = await listEntries(s.ctx.db, { limit: 200, skip: 0, actor_id: 'key_1' });
    expect(entries).to.have.length(100);
    expect(entries[99]).to.deep.include({
      target_id: 'usr_brought0',
      action: 'user.create',
      details: { i: 0 },
      outcome: 'done',
    });
  });

  it('lists entries by actor, target and action, in exact pages', async () => {
    await request(s.app).post('/admin/users/usr_77/unban').set(as('admin', 'usr_boss')).expect(200);
    await request(s.app).post('/admin/users/usr_78/unban').set(as('admin', 'usr_boss')).expect(200);
    expect(await entries('actor_id=usr_boss')).to.have.length(2);
    expect(await entries('actor_id=usr_boss&target_id=usr_77')).to.have.length(1);
    expect(await entries('actor_id=usr_boss&action=user.ban')).to.have.length(0);
    const first = (await request(s.app).get('/admin/audit-log?actor_id=usr_boss&limit=1').set(as('moderator'))).body;
    const second = (await request(s.app).get('/admin/audit-log?actor_id=usr_boss&limit=1&skip=1').set(as('moderator')))
      .body;
    expect([first.has_more, second.has_more]).to.deep.equal([true, false]);
    expect([first.entries[0].target_id, second.entries[0].target_id]).to.deep.equal(['usr_78', 'usr_77']);
    await request(s.app).get('/admin/audit-log').set(as('user')).expect(403);
  });

  it('redacts ten thousand entries', async () => {
    await s.ctx.db.raw(
      `insert into audit.intents (id, action, actor_id, target_id, details, ip, request_id)
       select 'aud_many' || n, 'user.ban', 'usr_busy', 'usr_' || n, '{"reason":"r"}', '1.1.1.1', 'r' from generate_series(1, 11000) n`,
    );
    await s.root('audit.erasures').insert({ user_id: 'usr_busy' });
    await redactEntries(s.ctx.db, ['usr_busy']);
    const { rows } = await s.ctx.db.raw(
      `select count(*) n, count(details->>'reason') reasons, count(nullif(ip, '')) ips from audit.intents where actor_id = 'usr_busy'`,
    );
    expect(rows).to.deep.equal([{ n: 11_000, reasons: 0, ips: 0 }]);
  });
});
