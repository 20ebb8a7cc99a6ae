// An application's own issuer and invites, over a whole cluster.
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import supertest from 'supertest';
import { type Account, type Json, loginAdmin, privateRoom, register, rest, say, unique } from '../support/client.ts';
import { gateway } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT of the application, signed with its Ed25519 key. */
function jwt(claims: object): string {
  const exp = Math.floor(Date.now() / 1000) + 300;
  const body = `${part({ alg: 'EdDSA', kid: 'k1' })}.${part({ exp, ...claims })}`;
  return `${body}.${sign(null, Buffer.from(body), privateKey).toString('base64url')}`;
}

const bodyOf = (subject_token: string) => ({
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token,
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
});

describe('people of an application', () => {
  let admin: Account;
  let keyServer: ReturnType<typeof createServer>;
  let issuer: string;
  let id: string;
  before(async () => {
    admin = await loginAdmin();
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }];
    keyServer = createServer((_req, res) => void res.end(JSON.stringify({ keys })));
    await new Promise<void>((done) => keyServer.listen(0, '127.0.0.1', done));
    const jwks_url = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`;
    issuer = `https://${unique('issuer')}.example`;
    const body = { issuer, audience: 'chat', jwks_url, create_users: true, claims: { username: 'login' } };
    id = (await rest(admin).post('/admin/issuers', body).expect(201)).body.id;
  });
  afterEach(closeAll);
  after(async () => {
    await rest(admin).delete(`/admin/issuers/${id}`).expect(204);
    await new Promise((done) => keyServer.close(done));
  });
  const exchange = (claims: object) =>
    rest().post('/users/token', bodyOf(jwt({ iss: issuer, aud: 'chat', ...claims })));
  const enter = async (sub: string): Promise<Account> => {
    const { body } = await exchange({ sub, login: sub }).expect(200);
    return {
      id: body.user.id,
      username: body.user.username,
      email: '',
      password: '',
      token: body.access_token,
      refresh_token: '',
    };
  };

  it('exchange its token for a session that chats by REST and socket, and is in their list', async () => {
    const ann = await register('ann');
    const bea = await enter(unique('bea'));
    const live = await connect(ann);
    const other = await connect(bea);
    const { chat_id } = await say(bea, { recipient_id: ann.id, content: 'From the application' });
    expect(await live.next('message')).to.include({ chat_id, sender_id: bea.id });
    await say(ann, { recipient_id: bea.id, content: 'Hello' });
    expect((await other.next('message')).chat_id).to.equal(chat_id);
    const { body } = await rest(bea).get('/users/me/sessions').expect(200);
    expect(body.sessions).to.have.length(1);
    await rest(bea).post('/users/logout').expect(204);
    expect(await other.closed).to.include({ code: 4401 });
  });

  it('send it as a form too, as OAuth clients do', async () => {
    const sub = unique('form');
    const form = bodyOf(jwt({ iss: issuer, aud: ['other', 'chat'], sub }));
    const { status, body } = await supertest(gateway()).post('/users/token').type('form').send(form);
    expect([status, body.user?.external_id]).to.deep.equal([200, sub]);
    const twice = `${new URLSearchParams(form)}&subject_token=x`;
    expectError(await supertest(gateway()).post('/users/token').type('form').send(twice), 400, 'VALIDATION_ERROR');
  });

  it('can’t use it anywhere else: as a bearer, at a socket, as a refresh token', async () => {
    const foreign = jwt({ iss: issuer, aud: 'chat', sub: unique('bearer') });
    const lookAlike = jwt({ iss: 'chatapi', aud: 'chatapi', sub: admin.id, sid: 'ses_1', role: 'admin', iat: 1 });
    for (const token of [foreign, lookAlike]) {
      expectError(await rest({ token }).get('/users/me'), 401, 'AUTHENTICATION_ERROR');
      expectError(await rest({ token }).get('/admin/users'), 401, 'AUTHENTICATION_ERROR');
      expectError(await rest({ token }).get('/rooms'), 401, 'AUTHENTICATION_ERROR');
      expectError(
        await rest().post('/users/refresh', { refresh_token: token.slice(0, 128) }),
        401,
        'AUTHENTICATION_ERROR',
      );
      expect(
        await connect({ ...admin, token }).then(
          () => 'open',
          () => 'refused',
        ),
      ).to.equal('refused');
    }
  });

  it('are refused with a reason: issuer, signature, audience, expired, admin', async () => {
    const reasonOf = async (claims: object): Promise<unknown> => (await exchange(claims)).body.details.reason;
    const sub = unique('refused');
    expect(await reasonOf({ iss: 'https://elsewhere.example', sub })).to.equal('issuer');
    expect(await reasonOf({ aud: 'elsewhere', sub })).to.equal('audience');
    expect(await reasonOf({ exp: 1, sub })).to.equal('expired');
    expect(await reasonOf({ sub: 7 })).to.equal('user');
    const forged = jwt({ iss: issuer, aud: 'chat', sub }).replace(/.{8}$/, 'AAAAAAAA');
    expect((await rest().post('/users/token', bodyOf(forged))).body.details.reason).to.equal('signature');
    const boss = await enter(unique('boss'));
    await rest(admin).put(`/admin/users/${boss.id}/role`, { role: 'admin' }).expect(200);
    const answer = await exchange({ sub: boss.username });
    expectError(answer, 403, 'AUTHORIZATION_ERROR');
    expect(answer.body.details.reason).to.equal('admin');
    await rest(admin).put(`/admin/users/${boss.id}/role`, { role: 'user' }).expect(200);
  });

  it('whose issuer is refused by the guard never cause a request: metadata, private and credential URLs', async () => {
    for (const jwks_url of ['http://169.254.169.254/latest/meta-data', 'http://[fd00::1]/', 'http://0x0a000001/keys']) {
      const answer = await rest(admin).post('/admin/issuers', { issuer, audience: 'chat', jwks_url });
      expectError(answer, 400, 'VALIDATION_ERROR');
      expect(answer.body.details.reason).to.equal('address_not_allowed');
    }
  });

  it('with an invite become members of its rooms, and their connections hear of them', async () => {
    const owner = await register('owner');
    const room = await privateRoom(owner, [], 'invited');
    const made = await rest(admin)
      .post('/admin/invites', { max_uses: 2, rooms: [room] })
      .expect(201);
    const live = await connect(owner);
    const username = unique('guest');
    const guest = {
      username,
      email: `${username}@example.com`,
      password: 'copper-violet-meadow-27',
      invite: made.body.code,
    };
    const { body } = await rest().post('/users/register', guest).expect(201);
    expect(await live.next('member_joined')).to.include({ chat_id: room, user_id: body.user.id });
    await say({ ...owner, token: body.access_token }, { chat_id: room, content: 'Thank you' });
    const listed = await rest(admin).get('/admin/invites').expect(200);
    const shown = listed.body.invites.find((invite: Json) => invite.id === made.body.id);
    expect(shown).to.include({ uses: 1, max_uses: 2 });
    expect(JSON.stringify(listed.body)).to.not.include(made.body.code);
    await rest(admin).delete(`/admin/invites/${made.body.id}`).expect(204);
    const late = { ...guest, username: unique('late'), email: `${unique('late')}@example.com` };
    const refused = await rest().post('/users/register', late);
    expectError(refused, 403, 'AUTHORIZATION_ERROR');
    expect(refused.body.details.reason).to.equal('invite_invalid');
    const { body: log } = await rest(admin).get(`/admin/audit-log?target_id=${made.body.id}`).expect(200);
    expect(log.entries.map(({ action }: Json) => action)).to.deep.equal(['invite.delete', 'invite.create']);
    expect(JSON.stringify(log)).to.not.include(made.body.code);
  });
});
