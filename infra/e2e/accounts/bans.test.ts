import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, login, loginAdmin, register, rest } from '../support/client.ts';
import { gateways, nodes } from '../support/cluster.ts';
import { expectError, expectInvalid } from '../support/expects.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

describe('bans and roles', () => {
  let admin: Account;
  let ann: Account;
  before(async () => {
    admin = await loginAdmin();
  });
  beforeEach(async () => {
    ann = await register('ann');
  });
  afterEach(closeAll);

  it('takes effect on both gateways and on live sockets of both nodes', async () => {
    const lives = await Promise.all(nodes().map((url) => connect(ann, url)));
    const banned = await rest(admin).post(`/admin/users/${ann.id}/ban`, { reason: 'spam' }).expect(200);
    expect(banned.body).to.include({ id: ann.id, status: 'banned' });
    for (const live of lives) expect((await live.closed).code).to.equal(4403);
    for (const url of gateways())
      await eventually(
        async () => void expectError(await rest(ann, url).get('/users/me'), 403, 'AUTHORIZATION_ERROR'),
        1000,
      );
    const back = await rest().post('/users/login', { username_or_email: ann.username, password: ann.password });
    expect(expectError(back, 403, 'AUTHORIZATION_ERROR').details.reason).to.equal('spam');
  });

  it('an unbanned user can log in again; old sessions stay ended', async () => {
    await rest(admin).post(`/admin/users/${ann.id}/ban`).expect(200);
    await rest(admin).post(`/admin/users/${ann.id}/unban`).expect(200);
    const again = await login(ann);
    await eventually(async () => void (await rest(again).get('/users/me').expect(200)));
    expectError(await rest(ann).get('/users/me'), 401, 'AUTHENTICATION_ERROR');
    const old = await rest().post('/users/refresh', { refresh_token: ann.refresh_token });
    expectError(old, 401, 'AUTHENTICATION_ERROR');
  });

  it('a ban ends at `until`', async () => {
    const until = new Date(Date.now() + 1500).toISOString();
    await rest(admin).post(`/admin/users/${ann.id}/ban`, { until }).expect(200);
    const name = { username_or_email: ann.username, password: ann.password };
    expectError(await rest().post('/users/login', name), 403, 'AUTHORIZATION_ERROR');
    await eventually(
      async () =>
        void (await rest(await login(ann))
          .get('/users/me')
          .expect(200)),
      4000,
    );
    const past = { until: '2020-01-01T00:00:00.000Z' };
    expectInvalid(await rest(admin).post(`/admin/users/${ann.id}/ban`, past), 'until');
  });

  it('nobody bans themself, plain users ban nobody, and the last admin stays admin', async () => {
    for (const answer of [
      await rest(admin).post(`/admin/users/${admin.id}/ban`),
      await rest(admin).put(`/admin/users/${admin.id}/role`, { role: 'user' }),
    ])
      expect(answer.status).to.be.oneOf([403, 409]);
    expectError(await rest(ann).post(`/admin/users/${admin.id}/ban`), 403, 'AUTHORIZATION_ERROR');
    expectError(await rest(admin).post('/admin/users/usr_nobody/ban'), 404, 'RESOURCE_NOT_FOUND');
  });

  it('a role change applies to old tokens within 1 s', async () => {
    expectError(await rest(ann).get('/admin/users'), 403, 'AUTHORIZATION_ERROR');
    const changed = await rest(admin).put(`/admin/users/${ann.id}/role`, { role: 'moderator' }).expect(200);
    expect(changed.body.role).to.equal('moderator');
    await eventually(async () => void (await rest(ann).get('/admin/users').expect(200)), 1000);
    expectError(await rest(ann).post(`/admin/users/${admin.id}/ban`), 403, 'AUTHORIZATION_ERROR');
    await rest(admin).put(`/admin/users/${ann.id}/role`, { role: 'user' }).expect(200);
    await eventually(
      async () => void expectError(await rest(ann).get('/admin/users'), 403, 'AUTHORIZATION_ERROR'),
      1000,
    );
  });
});
