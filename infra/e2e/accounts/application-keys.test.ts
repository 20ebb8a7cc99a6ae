import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, privateRoom, register, rest, say, unique } from '../support/client.ts';
import { gateways, nodes } from '../support/cluster.ts';
import { expectError, expectInvalid } from '../support/expects.ts';
import { closeAll, refusedUpgrade, wsUrl } from '../support/socket.ts';
import '../support/shared-cluster.ts';

const ALL_OF_MESSAGES = ['messages:read', 'messages:write', 'rooms:read', 'rooms:write', 'users:read', 'users:write'];

describe('application keys', () => {
  let admin: Account;
  let ann: Account;
  const made: string[] = [];

  async function makeKey(scopes: string[], more: object = {}): Promise<Json> {
    const { body } = await rest(admin)
      .post('/admin/keys', { name: unique('key'), scopes, ...more })
      .expect(201);
    made.push(body.id);
    return { ...body, token: body.key };
  }
  const acting = (key: Json, as: string, url?: string) => {
    const asked = rest(key, url);
    const set = (method: keyof typeof asked) => (path: string, body?: object) =>
      asked[method](path, body).set('X-Act-As', as);
    return { get: set('get'), post: set('post'), put: set('put'), delete: set('delete') };
  };

  before(async () => {
    admin = await loginAdmin();
    ann = await register('ann');
  });
  afterEach(async () => {
    await closeAll();
    for (const id of made.splice(0)) await rest(admin).delete(`/admin/keys/${id}`);
  });

  it('an admin makes, lists and ends keys; the secret is shown once', async () => {
    const key = await makeKey(['users:read'], { expires_at: '2999-01-01T00:00:00.000Z' });
    expect(key.key).to.match(/^cak_[A-Za-z0-9_-]{43}$/);
    expect(key).to.include({ last_used_at: null, expires_at: '2999-01-01T00:00:00.000Z' });
    const { body } = await rest(admin).get('/admin/keys').expect(200);
    expect(body.keys[0])
      .to.deep.include({ id: key.id, scopes: ['users:read'] })
      .and.not.have.property('key');
    await rest(admin).delete(`/admin/keys/${key.id}`).expect(204);
    expectError(await rest(admin).delete(`/admin/keys/${key.id}`), 404, 'RESOURCE_NOT_FOUND');
    const acts = (await rest(admin).get(`/admin/audit-log?target_id=${key.id}`).expect(200)).body.entries;
    expect(acts.map((entry: Json) => entry.action)).to.include.members(['key.create', 'key.end']);
    expect(JSON.stringify(acts)).to.not.contain(key.key);
  });

  it('refuses unknown scopes, none, one twice, and a past expiry', async () => {
    const ask = (body: object) => rest(admin).post('/admin/keys', { name: 'key', scopes: ['act_as'], ...body });
    expectInvalid(await ask({ scopes: ['root'] }), 'scopes.0');
    expectInvalid(await ask({ scopes: [] }), 'scopes');
    expectInvalid(await ask({ scopes: ['act_as', 'act_as'] }), 'scopes.1');
    expectInvalid(await ask({ expires_at: '2001-01-01T00:00:00Z' }), 'expires_at');
    expectInvalid(await ask({ name: '' }), 'name');
  });

  it('works on both gateways, within its scopes, and is counted for itself', async () => {
    const key = await makeKey(['users:read']);
    for (const url of gateways()) {
      const found = await rest(key, url).get(`/users/${ann.id}`).expect(200);
      expect(found.body).to.include({ id: ann.id }).and.not.have.property('email');
      const refused = await rest(key, url).put(`/rooms/general/members/${ann.id}/mute`, {});
      expect(expectError(refused, 403, 'AUTHORIZATION_ERROR').details).to.deep.equal({
        reason: 'scope',
        scope: 'moderation:write',
      });
    }
    const { limits } = (await rest(key).get('/rate-limits').expect(200)).body;
    expect(limits.find((one: Json) => one.name === 'general').remaining).to.not.equal(null);
  });

  it('does as a person what needs one, and only with act_as', async () => {
    const alone = await makeKey(['messages:write']);
    const sent = await rest(alone).post('/messages', { chat_id: 'general', content: 'hello' });
    expect(expectError(sent, 403, 'AUTHORIZATION_ERROR').details.reason).to.equal('act_as_required');
    const refused = await acting(alone, ann.id).post('/messages', { chat_id: 'general', content: 'hello' });
    expect(expectError(refused, 403, 'AUTHORIZATION_ERROR').details.scope).to.equal('act_as');
  });

  it('acts as a person: messages are theirs, admins see the key, other changes are on record', async () => {
    const key = await makeKey([...ALL_OF_MESSAGES, 'act_as']);
    const room = await privateRoom(ann, []);
    const own = await say(ann, { chat_id: room, content: 'by hand' });
    const { body } = await acting(key, ann.id).post('/messages', { chat_id: room, content: 'by key' }).expect(201);
    expect(body).to.include({ sender_id: ann.id, content: 'by key' }).and.not.have.property('sent_by_key');
    await acting(key, ann.id).put(`/rooms/${room}`, { topic: 'changed' }).expect(200);
    await rest(ann).post(`/rooms/${room}/members`, { user_id: admin.id }).expect(201);
    const seen = (await rest(admin).get(`/messages?chat_id=${room}`).expect(200)).body.messages;
    expect(seen.find((one: Json) => one.id === body.id).sent_by_key).to.equal(key.id);
    expect(seen.find((one: Json) => one.id === own.id)).to.not.have.property('sent_by_key');
    expect((await rest(admin).get(`/messages/${body.id}`).expect(200)).body.sent_by_key).to.equal(key.id);
    expect((await rest(ann).get(`/messages/${body.id}`).expect(200)).body).to.not.have.property('sent_by_key');
    await eventually(async () => {
      const { entries } = (await rest(admin).get(`/admin/audit-log?actor_id=${key.id}`).expect(200)).body;
      expect(entries.map((entry: Json) => [entry.action, entry.target_id, entry.details.path])).to.deep.equal([
        ['key.act', ann.id, `/rooms/${room}`],
      ]);
    });
  });

  it('a repeat by client_id is the first message, whoever sent that', async () => {
    const key = await makeKey([...ALL_OF_MESSAGES, 'act_as']);
    const message = { chat_id: 'general', content: 'once', client_id: unique('c') };
    const first = await acting(key, ann.id).post('/messages', message).expect(201);
    const again = await acting(key, ann.id).post('/messages', message).expect(200);
    expect(again.body.id).to.equal(first.body.id);
    expect((await rest(ann).post('/messages', message).expect(200)).body.id).to.equal(first.body.id);
  });

  it('acts as nobody who is unknown, an admin, banned, or badly named, and never on /admin', async () => {
    const key = await makeKey([...ALL_OF_MESSAGES, 'act_as', 'stats:read']);
    const bob = await register('bob');
    expectError(await acting(key, 'usr_nobody').get('/users/me'), 404, 'RESOURCE_NOT_FOUND');
    expectInvalid(await acting(key, 'two words').get('/users/me'), 'X-Act-As');
    expectInvalid(await acting(key, 'ext:%E0%A4%A').get('/users/me'), 'X-Act-As');
    const asAdmin = await acting(key, admin.id).get('/users/me');
    expect(expectError(asAdmin, 403, 'AUTHORIZATION_ERROR').details.reason).to.equal('admin');
    const onAdmin = await acting(key, bob.id).get('/admin/dashboard/stats');
    expect(expectError(onAdmin, 403, 'AUTHORIZATION_ERROR').details.reason).to.equal('act_as');
    await rest(key).get('/admin/dashboard/stats').expect(200);
    await acting(key, bob.id).get('/users/me').expect(200);
    await rest(admin).post(`/admin/users/${bob.id}/ban`).expect(200);
    for (const url of gateways())
      await eventually(
        async () => void expectError(await acting(key, bob.id, url).get('/users/me'), 403, 'AUTHORIZATION_ERROR'),
        1000,
      );
    await rest(admin).post(`/admin/users/${bob.id}/unban`).expect(200);
    for (const url of gateways())
      await eventually(async () => void (await acting(key, bob.id, url).get('/users/me').expect(200)), 1000);
    await rest(admin).put(`/admin/users/${bob.id}/role`, { role: 'admin' }).expect(200);
    for (const url of gateways())
      await eventually(
        async () => void expectError(await acting(key, bob.id, url).get('/users/me'), 403, 'AUTHORIZATION_ERROR'),
        1000,
      );
    await rest(admin).put(`/admin/users/${bob.id}/role`, { role: 'user' }).expect(200);
  });

  it('a person’s token with X-Act-As is refused', async () => {
    const answer = await rest(ann).get('/users/me').set('X-Act-As', admin.id);
    expect(expectError(answer, 403, 'AUTHORIZATION_ERROR').details.scope).to.equal('act_as');
  });

  it('opens no sockets', async () => {
    const key = await makeKey(['messages:read', 'act_as']);
    for (const url of [...nodes(), ...gateways()])
      expect((await refusedUpgrade(wsUrl(url, key.token))).status).to.equal(403);
  });

  it('moderates: reports, short bans of users, mutes and deletions, each on record', async () => {
    const key = await makeKey(['moderation:write']);
    const bob = await register('bob');
    const message = await say(bob, { chat_id: 'general', content: 'spam' });
    await rest(key).get('/admin/reports').expect(200);
    await rest(key).put(`/rooms/general/members/${bob.id}/mute`, {}).expect(200);
    await rest(key).delete(`/admin/messages/${message.id}`).expect(204);
    const ban = (id: string, until?: string) => rest(key).post(`/admin/users/${id}/ban`, { until });
    const tooLong = await ban(bob.id, new Date(Date.now() + 25 * 3600_000).toISOString());
    expect(expectError(tooLong, 403, 'AUTHORIZATION_ERROR').details.reason).to.equal('ban_limit');
    expect(expectError(await ban(bob.id), 403, 'AUTHORIZATION_ERROR').details.reason).to.equal('ban_limit');
    const hour = new Date(Date.now() + 3600_000).toISOString();
    expectError(await ban(admin.id, hour), 403, 'AUTHORIZATION_ERROR');
    await ban(bob.id, hour).expect(200);
    expectError(await rest(key).get('/admin/users'), 403, 'AUTHORIZATION_ERROR');
    await eventually(async () => {
      const { entries } = (await rest(admin).get(`/admin/audit-log?actor_id=${key.id}`).expect(200)).body;
      const done = entries.filter((entry: Json) => entry.outcome === 'done').map((entry: Json) => entry.action);
      expect(done).to.have.members(['user.ban', 'message.delete', 'member.mute']);
    });
  });

  it('an ended key is refused on both gateways within a second; an unknown one at once', async () => {
    const key = await makeKey(['users:read']);
    for (const url of gateways()) await rest(key, url).get(`/users/${ann.id}`).expect(200);
    await rest(admin).delete(`/admin/keys/${key.id}`).expect(204);
    for (const url of gateways())
      await eventually(
        async () => void expectError(await rest(key, url).get(`/users/${ann.id}`), 401, 'AUTHENTICATION_ERROR'),
        1000,
      );
    for (const token of [`cak_${'a'.repeat(43)}`, 'cak_', `cak_${'ä'.repeat(43)}`, `cbt_${'a'.repeat(43)}`])
      expectError(await rest({ token: encodeURI(token) }).get('/users/me'), 401, 'AUTHENTICATION_ERROR');
  });

  it('an expired key is refused', async () => {
    const key = await makeKey(['users:read'], { expires_at: new Date(Date.now() + 1500).toISOString() });
    await rest(key).get(`/users/${ann.id}`).expect(200);
    await eventually(
      async () => void expectError(await rest(key).get(`/users/${ann.id}`), 401, 'AUTHENTICATION_ERROR'),
    );
  });

  it('the last use is right within a minute', async () => {
    const key = await makeKey(['users:read']);
    const from = Date.now();
    await rest(key).get(`/users/${ann.id}`).expect(200);
    await eventually(async () => {
      const { keys } = (await rest(admin).get('/admin/keys').expect(200)).body;
      const { last_used_at } = keys.find((one: Json) => one.id === key.id);
      expect(Date.parse(last_used_at)).to.be.within(from - 1000, Date.now() + 1000);
    }, 60_000);
  });
});
