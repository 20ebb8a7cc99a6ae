import { eventually, served } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, register, rest, say, unique } from '../support/client.ts';
import { gateways, nodes } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

describe('an application’s own users', () => {
  let admin: Account;
  let app: { id: string; token: string };
  before(async () => {
    admin = await loginAdmin();
    const scopes = ['users:read', 'users:write', 'tokens:write', 'act_as', 'messages:write'];
    const { body } = await rest(admin).post('/admin/keys', { name: 'the application', scopes }).expect(201);
    app = { id: body.id, token: body.key };
  });
  after(async () => {
    await rest(admin).delete(`/admin/keys/${app.id}`);
  });
  afterEach(closeAll);
  const path = (id: string, rest = ''): string => `/app/users/${encodeURIComponent(id)}${rest}`;
  const put = async (id: string, body: object = {}, status = 201): Promise<Json> =>
    (await rest(app).put(path(id), body).expect(status)).body;
  const mint = async (id: string, body: object = {}): Promise<Account> => {
    const { body: made } = await rest(app).post(path(id, '/tokens'), body).expect(201);
    const { id: user_id, username } = made.user;
    return { id: user_id, username, email: '', password: '', token: made.access_token, refresh_token: '' };
  };

  it('chat with others, who see their names but neither email nor external id', async () => {
    const id = unique('crm/é\\1');
    const profile = {
      display_name: 'Ann of the CRM',
      bio: 'b',
      email: `${unique('crm')}@example.com`,
      custom: { a: 1 },
    };
    const made = await put(id, profile);
    const ann = await mint(id);
    const bob = await register('bob');
    expect((await rest(ann).get('/users/me').expect(200)).body).to.deep.include({
      ...profile,
      external_id: id,
      kind: 'user',
    });
    const seen = (await rest(bob).get(`/users/${ann.id}`).expect(200)).body;
    expect(seen).to.deep.include({ display_name: profile.display_name, bio: 'b', custom: { a: 1 }, kind: 'user' });
    expect(seen).to.not.have.any.keys('email', 'external_id');
    const live = await connect(bob);
    await say(ann, { recipient_id: bob.id, content: 'from my own application' });
    expect(await live.next('message')).to.include({ sender_id: ann.id });
    const room = unique('crm-room');
    await say(ann, { chat_id: room, content: 'hi' });
    await eventually(async () => {
      const { members } = (await rest(bob).get(`/rooms/${room}/members`).expect(200)).body;
      expect(members[0]).to.include({ user_id: ann.id, display_name: profile.display_name, kind: 'user' });
    });
    const changed = await put(id, { display_name: 'Anna', custom: { a: null, b: 2 } }, 200);
    expect(changed).to.deep.include({ id: made.id, display_name: 'Anna', custom: { b: 2 } });
    expect((await rest(bob).get(`/users/${ann.id}`).expect(200)).body).to.deep.include({
      display_name: 'Anna',
      custom: { b: 2 },
    });
    await eventually(async () => {
      const { members } = (await rest(bob).get(`/rooms/${room}/members`).expect(200)).body;
      expect(members[0].display_name).to.equal('Anna');
    });
  });

  it('have ids of any spelling through the gateway: encoded slashes, dots, Unicode forms', async () => {
    const stem = unique('id');
    const ids = [
      'a/b',
      'a%2Fb',
      'a\\b',
      '%2e%2e',
      '../admin/users',
      'é',
      'e\u0301',
      '👩‍👩‍👧',
      '😀'.repeat(100),
      'a b?c#d&e',
    ];
    const made = [];
    for (const id of ids) made.push((await put(stem + id)).id);
    expect(new Set(made).size).to.equal(ids.length);
    for (const [i, id] of ids.entries())
      for (const url of gateways())
        expect(
          (
            await rest(app, url)
              .get(path(stem + id))
              .expect(200)
          ).body,
        ).to.include({ id: made[i], external_id: stem + id });
    // As it is written here, it is also the path of the batch.
    const asked = { headers: { authorization: `Bearer ${app.token}` } };
    const named = await fetch(`${gateways()[0]}/app/users/batch`, { ...asked, method: 'PUT' });
    expect([named.status, ((await named.json()) as Json).external_id]).to.deep.equal([201, 'batch']);
    expect((await rest(app).get('/app/users/%62atch').expect(200)).body.external_id).to.equal('batch');
    await rest(app).delete('/app/users/%62atch').expect(202);
    expectError(await rest(app).post('/app/users/batch', { users: [] }), 400, 'VALIDATION_ERROR');
  });

  it('a batch of 2 MiB passes the gateway, one of more than 4 MiB does not', async () => {
    const stem = unique('batch');
    const users = Array.from({ length: 500 }, (_, i) => ({
      external_id: `${stem}${i}`,
      custom: { pad: 'x'.repeat(4000) },
    }));
    // A busy machine may answer 503 after it has created them.
    const { status, body } = await served(() => rest(app).post('/app/users/batch', { users }));
    expect(status).to.equal(200);
    for (const one of body.results) expect(one.status).to.be.oneOf(['created', 'updated']);
    expect(body.results[499].user.custom.pad).to.have.length(4000);
    const large = { users: Array.from({ length: 1000 }, (_, i) => ({ external_id: `${i}`, bio: 'x'.repeat(4300) })) };
    expectError(await rest(app).post('/app/users/batch', large), 413, 'PAYLOAD_TOO_LARGE');
    await eventually(async () => {
      const { body: found } = await rest(admin).get(`/admin/users?search=${stem}7`).expect(200);
      expect(found.users[0]).to.include({ external_id: `${stem}7`, email: null, status: 'active', kind: 'user' });
    });
  });

  it('deactivation closes sockets of both nodes with 4403 and refuses tokens with its reason', async () => {
    const id = unique('deactivated');
    await put(id);
    const ann = await mint(id);
    const lives = await Promise.all(nodes().map((url) => connect(ann, url)));
    const { body } = await rest(app).post(path(id, '/deactivate')).expect(200);
    expect(body).to.include({ external_id: id, status: 'deactivated' });
    for (const live of lives)
      expect(await live.closed).to.deep.equal({ code: 4403, reason: 'This account is deactivated' });
    for (const url of gateways())
      await eventually(async () => {
        const refused = expectError(await rest(ann, url).get('/users/me'), 403, 'AUTHORIZATION_ERROR');
        expect(refused.details).to.deep.equal({ reason: 'deactivated' });
      }, 1000);
    expectError(await rest(app).post(path(id, '/tokens')), 403, 'AUTHORIZATION_ERROR');
    const { body: list } = await rest(admin).get('/admin/users?status_filter=deactivated').expect(200);
    expect(list.users.map((one: Json) => one.id)).to.include(ann.id);
    await rest(app).post(path(id, '/activate')).expect(200);
    const again = await mint(id);
    await eventually(async () => void (await rest(again).get('/users/me').expect(200)));
    expectError(await rest(ann).get('/users/me'), 401, 'AUTHENTICATION_ERROR');
  });

  it('a minted token is a session: listed, ended by its user, and over at its end', async () => {
    const id = unique('minted');
    await put(id);
    const ann = await mint(id, { session_name: 'Shop', expires_in: 60 });
    const { body } = await rest(ann).get('/users/me/sessions').expect(200);
    expect(body.sessions).to.have.length(1);
    expect(body.sessions[0]).to.include({ name: 'Shop', current: true });
    const live = await connect(ann);
    const left = Date.parse(live.hello.token_expires_at) - Date.now();
    expect(left).to.be.within(50_000, 62_000);
    await rest(ann).post('/users/logout').expect(204);
    expect((await live.closed).code).to.equal(4401);
  });

  it('a key acts as one by its external id', async () => {
    const id = unique('acted é/%');
    const { id: user_id } = await put(id);
    const send = () =>
      rest(app)
        .post('/messages/', { chat_id: 'general', content: 'by the application' })
        .set('X-Act-As', `ext:${encodeURIComponent(id)}`);
    expect((await send().expect(201)).body.sender_id).to.equal(user_id);
    await rest(app).post(path(id, '/deactivate')).expect(200);
    await eventually(async () => {
      expect(expectError(await send(), 403, 'AUTHORIZATION_ERROR').details.reason).to.equal('deactivated');
    }, 1000);
  });

  it('an erased one is gone, and its id is free for a new person', async () => {
    const id = unique('erased');
    const { id: user_id } = await put(id, { display_name: 'Gone' });
    const ann = await mint(id);
    const sent = await say(ann, { chat_id: unique('erased-room'), content: 'my words' });
    await rest(app).delete(path(id)).expect(202);
    expectError(await rest(app).get(path(id)), 404, 'RESOURCE_NOT_FOUND');
    await eventually(async () => {
      expectError(await rest(ann).get('/users/me'), 401, 'AUTHENTICATION_ERROR');
      expectError(await rest(admin).get(`/users/${user_id}`), 404, 'RESOURCE_NOT_FOUND');
      expect((await rest(admin).get(`/messages/${sent.id}`).expect(200)).body.is_deleted).to.equal(true);
    }, 10_000);
    expect((await put(id)).id).to.not.equal(user_id);
  });

  it('what the application did is in the audit log, with who did it', async () => {
    const id = unique('audited');
    const { id: user_id } = await put(id);
    await put(id, { bio: 'x' }, 200);
    await mint(id);
    await rest(app).post(path(id, '/deactivate')).expect(200);
    await eventually(async () => {
      const { entries } = (await rest(admin).get(`/admin/audit-log?target_id=${user_id}`).expect(200)).body;
      expect(entries.map((one: Json) => [one.action, one.actor_id, one.outcome]).reverse()).to.deep.equal(
        ['user.create', 'user.update', 'user.token', 'user.deactivate'].map((action) => [action, app.id, 'done']),
      );
    }, 10_000);
  });
});
