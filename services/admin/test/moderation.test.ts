import { expect } from 'chai';
import request from 'supertest';
import { closeOpenIntents, insertIntent } from '../src/audit-store.ts';
import { as, ERROR, nobody, type Running, type StandIn, standIn, start } from './service.ts';

const account = (user_id: string) => ({
  user_id,
  username: `name-${user_id}`,
  email: `${user_id}@example.com`,
  role: 'user',
  status: 'active',
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
});

describe('moderation', () => {
  let s: Running;
  let auth: StandIn;
  let user: StandIn;
  let message: StandIn;
  const authSays: StandIn['answer'] = ({ path, method }) => {
    if (path === '/internal/accounts') return [200, { accounts: [account('usr_1'), account('usr_2')], total: 7 }];
    const [, , , id = '', act] = path.split('/');
    if (id === 'usr_none') return ERROR('RESOURCE_NOT_FOUND', 404);
    if (method === 'DELETE' || act === 'unlock') return [204, undefined];
    return [200, { ...account(id), status: act === 'ban' ? 'banned' : 'active' }];
  };
  const userSays: StandIn['answer'] = () => [
    200,
    { profiles: [{ user_id: 'usr_1', display_name: 'One', bio: 'b', avatar_url: 'https://a/b.png' }] },
  ];
  before(async () => {
    auth = await standIn(authSays);
    user = await standIn(userSays);
    message = await standIn(() => [204, undefined]);
    s = await start({ AUTH_INTERNAL_URL: auth.url, USER_INTERNAL_URL: user.url, MESSAGE_INTERNAL_URL: message.url });
  });
  beforeEach(() => {
    auth.answer = authSays;
    user.answer = userSays;
    for (const one of [auth, user, message]) one.asked.length = 0;
  });
  after(async () => {
    await s?.stop();
    for (const one of [auth, user, message]) one?.close();
  });
  const entries = async (query = '') =>
    (await request(s.app).get(`/admin/audit-log?${query}`).set(as('moderator')).expect(200)).body.entries;

  it('lists users with their profiles, and passes search and filters on as they are', async () => {
    const { body } = await request(s.app)
      .get('/admin/users?search=50%25_a&status_filter=active&role_filter=user&limit=2&skip=4')
      .set(as('admin'))
      .expect(200);
    expect(auth.asked[0]?.query).to.deep.equal({
      search: '50%_a',
      by_email: 'true',
      status: 'active',
      role: 'user',
      limit: '2',
      skip: '4',
    });
    expect(body).to.include({ total: 7, skip: 4, limit: 2, has_more: true });
    expect(body.users[0]).to.deep.equal({
      id: 'usr_1',
      username: 'name-usr_1',
      email: 'usr_1@example.com',
      display_name: 'One',
      bio: 'b',
      avatar_url: 'https://a/b.png',
      role: 'user',
      status: 'active',
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '2026-01-01T00:00:00.000Z',
    });
    expect(body.users[1]).to.include({ display_name: 'name-usr_2', bio: '', avatar_url: null });
  });

  it('shows moderators users without their email', async () => {
    const { body } = await request(s.app).get('/admin/users').set(as('moderator')).expect(200);
    expect(body.users[0]).to.not.have.property('email');
  });

  it('shows users by their names when the user service is away or hangs', async () => {
    user.answer = () => undefined;
    const { body } = await request(s.app).get('/admin/users').set(as('admin')).expect(200);
    expect(body.users[0].display_name).to.equal('name-usr_1');
  });

  for (const query of [
    'limit=0',
    'limit=101',
    'skip=-1',
    'limit=',
    'status_filter=gone',
    'role_filter=root',
    'limit=a',
  ]) {
    it(`refuses the list with ${query}`, async () => {
      const { body } = await request(s.app).get(`/admin/users?${query}`).set(as('admin')).expect(400);
      expect(body.code).to.equal('VALIDATION_ERROR');
    });
  }

  it('bans with nothing but the path, as the seed shows it, and answers the user', async () => {
    const { body } = await request(s.app).post('/admin/users/usr_1/ban').set(as('admin')).expect(200);
    expect(body).to.include({ id: 'usr_1', status: 'banned', display_name: 'One' });
    expect(auth.asked[0]).to.deep.include({
      method: 'POST',
      path: '/internal/accounts/usr_1/ban',
      body: { actor_id: 'usr_admin' },
    });
  });

  const until = new Date(Date.now() + 3_600_000).toISOString();
  const acts: [string, () => request.Test, string, number, Record<string, unknown>][] = [
    [
      'ban',
      () => request(s.app).post('/admin/users/usr_1/ban').send({ reason: 'spam', until }),
      'user.ban',
      200,
      { reason: 'spam', until },
    ],
    ['unban', () => request(s.app).post('/admin/users/usr_1/unban'), 'user.unban', 200, {}],
    [
      'role',
      () => request(s.app).put('/admin/users/usr_1/role').send({ role: 'moderator' }),
      'user.role',
      200,
      { role: 'moderator' },
    ],
    ['unlock', () => request(s.app).post('/admin/users/usr_1/unlock'), 'user.unlock', 204, {}],
    ['end of sessions', () => request(s.app).delete('/admin/users/usr_1/sessions'), 'user.sessions.end', 204, {}],
    ['delete of a message', () => request(s.app).delete('/admin/messages/msg_1'), 'message.delete', 204, {}],
  ];
  for (const [name, make, action, status, details] of acts) {
    it(`puts each ${name} on record, and lets only admins do it`, async () => {
      await make().set(as('user')).expect(403);
      await make().set(as('moderator')).expect(403);
      await make().set(nobody()).expect(401);
      await make().set(as('admin')).set('X-Request-Id', 'request-1').expect(status);
      expect([...auth.asked, ...message.asked]).to.have.length(1);
      const [entry] = await entries();
      expect(entry).to.deep.include({
        action,
        actor_id: 'usr_admin',
        target_id: name.includes('message') ? 'msg_1' : 'usr_1',
        details,
        ip: '1.2.3.4',
        request_id: 'request-1',
        outcome: 'done',
        error: null,
      });
      expect(entry.id).to.match(/^aud_/);
      expect(entry.created_at).to.match(/Z$/);
    });
  }

  it('notes a refused act with its reason', async () => {
    await request(s.app).post('/admin/users/usr_none/ban').set(as('admin')).expect(404);
    expect((await entries())[0]).to.include({ target_id: 'usr_none', outcome: 'refused', error: 'RESOURCE_NOT_FOUND' });
  });

  it('does not say refused when nobody knows whether the act was done', async () => {
    auth.answer = () => [500, 'broken'];
    await request(s.app).post('/admin/users/usr_1/ban').set(as('admin')).expect(503);
    expect((await entries())[0]).to.include({ outcome: 'unknown', error: 'SERVICE_UNAVAILABLE' });
  });

  it('does not act when it can’t be put on record', async () => {
    await s.ctx.db.raw('alter table audit_intents rename to away');
    try {
      await request(s.app).post('/admin/users/usr_1/ban').set(as('admin')).expect(500);
    } finally {
      await s.ctx.db.raw('alter table away rename to audit_intents');
    }
    expect(auth.asked).to.deep.equal([]);
  });

  it('has the intent on record while the act is under way', async () => {
    let seen: { outcome: string }[] = [];
    auth.answer = async (asked) => {
      seen = await entries();
      return authSays(asked) as [number, unknown];
    };
    await request(s.app).post('/admin/users/usr_1/unban').set(as('admin')).expect(200);
    expect(seen[0]).to.include({ action: 'user.unban', outcome: 'pending' });
  });

  it('closes the intent of a process that died as unknown, once', async () => {
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

  it('keeps a log that nobody can change', async () => {
    for (const sql of [
      'update audit_intents set actor_id = 1',
      'delete from audit_intents',
      'truncate audit_intents cascade',
      `update audit_outcomes set outcome = 'done'`,
      'delete from audit_outcomes',
      'truncate audit_outcomes',
    ]) {
      const error = await s.ctx.db.raw(sql).then(
        () => undefined,
        (e: Error) => e,
      );
      expect(error?.message, sql).to.include('append-only');
    }
  });

  it('shows the log by actor, target and action, in exact pages', async () => {
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

  const bad: [string, string, unknown][] = [
    ['a ban that ended yesterday', 'ban', { until: '2020-01-01T00:00:00Z' }],
    ['a ban until some day', 'ban', { until: 'some day' }],
    ['a reason of 501 characters', 'ban', { reason: 'x'.repeat(501) }],
    ['a ban with an unknown field', 'ban', { days: 3 }],
    ['an unknown role', 'role', { role: 'root' }],
    ['no role', 'role', undefined],
  ];
  for (const [name, act, body] of bad) {
    it(`refuses ${name}, and does nothing`, async () => {
      const r =
        act === 'role' ? request(s.app).put('/admin/users/usr_1/role') : request(s.app).post('/admin/users/usr_1/ban');
      const answer = await r
        .set(as('admin'))
        .send(body as object)
        .expect(400);
      expect(answer.body.code).to.equal('VALIDATION_ERROR');
      expect(auth.asked).to.deep.equal([]);
    });
  }
});
