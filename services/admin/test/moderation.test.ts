import { expect } from 'chai';
import request from 'supertest';
import { anonymous, as, ERROR, type Running, type StandIn, standIn, start } from './harness.ts';

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
    for (const one of [auth, user, message]) await one?.stop();
  });
  const entries = async (query = '') =>
    (await request(s.app).get(`/admin/audit-log?${query}`).set(as('moderator')).expect(200)).body.entries;

  it('lists users with their profiles, and forwards search and filters unchanged', async () => {
    const { body } = await request(s.app)
      .get('/admin/users?search=50%25_a&status_filter=active&role_filter=user&limit=2&skip=4')
      .set(as('admin'))
      .expect(200);
    expect(auth.asked[0]?.query).to.deep.equal({
      search: '50%_a',
      by_email: 'true',
      status: 'active',
      role: 'user',
      sort: 'created',
      limit: '2',
      skip: '4',
    });
    expect(body).to.include({ total: 7, skip: 4, limit: 2, has_more: true });
    expect(body.users[0]).to.deep.equal({
      id: 'usr_1',
      username: 'name-usr_1',
      email: 'usr_1@example.com',
      email_verified: false,
      external_id: null,
      display_name: 'One',
      bio: 'b',
      avatar_url: 'https://a/b.png',
      custom: {},
      kind: 'user',
      role: 'user',
      status: 'active',
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '2026-01-01T00:00:00.000Z',
      ban: null,
      last_seen_at: null,
      open_reports: 0,
    });
    expect(body.users[1]).to.include({ display_name: 'name-usr_2', bio: '', avatar_url: null });
  });

  it('lists users without emails to moderators', async () => {
    const { body } = await request(s.app).get('/admin/users').set(as('moderator')).expect(200);
    expect(body.users[0]).to.not.have.property('email');
  });

  it('lists users without profiles when the user service is away or hangs', async () => {
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

  it('bans without a body, as the contract shows it, and returns the user', async () => {
    const { body } = await request(s.app).post('/admin/users/usr_1/ban').set(as('admin')).expect(200);
    expect(body).to.include({ id: 'usr_1', status: 'banned', display_name: 'One' });
    expect(auth.asked[0]).to.deep.include({
      method: 'POST',
      path: '/internal/accounts/usr_1/ban',
      body: { actor_id: 'usr_admin', actor_ip: '192.0.2.1' },
    });
  });

  // Longer than moderators may ban.
  const until = new Date(Date.now() + 48 * 3_600_000).toISOString();
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
    it(`audits each ${name}, and allows it to admins only`, async () => {
      await make().set(as('user')).expect(403);
      await make().set(as('moderator')).expect(403);
      await make().set(anonymous()).expect(401);
      await make().set(as('admin')).set('X-Request-Id', 'request-1').expect(status);
      expect([...auth.asked, ...message.asked]).to.have.length(1);
      const [entry] = await entries();
      expect(entry).to.deep.include({
        action,
        actor_id: 'usr_admin',
        target_id: name.includes('message') ? 'msg_1' : 'usr_1',
        details,
        ip: '192.0.2.1',
        request_id: 'request-1',
        outcome: 'done',
        error: null,
      });
      expect(entry.id).to.match(/^aud_/);
      expect(entry.created_at).to.match(/Z$/);
    });
  }

  const bad: [string, string, unknown][] = [
    ['a ban that ended yesterday', 'ban', { until: '2020-01-01T00:00:00Z' }],
    ['a ban until some day', 'ban', { until: 'some day' }],
    ['a ban with half a zone', 'ban', { until: '2099-01-01T10:00:00+05' }],
    ['a ban without a zone', 'ban', { until: '2099-01-01T10:00:00' }],
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
