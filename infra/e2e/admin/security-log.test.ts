// The security log and the records of staff acts of a cluster with two instances of auth, in which
// each request tells its own address, as behind a proxy.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@chatapi/kit/testing';
import { internalUrlOf, urlOf } from '@chatapi/local';
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, register, rest } from '../support/client.ts';
import { dispose, ownCluster, type TestCluster } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';

const BAD = 'wrong-copper-meadow';
const HOME = { ip: '203.0.113.7', agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
const ABROAD = { ip: '198.51.100.1', agent: 'curl/8.5.0' };

describe('security events', function () {
  this.timeout(120_000);
  let own: TestCluster;
  let admin: Account;
  let ann: Account;
  before(async () => {
    own = await ownCluster({
      AUTH_INSTANCES: '2',
      RATE_LIMIT_LOGIN: '5',
      TRUSTED_PROXIES: '127.0.0.1',
      ALLOWED_FILE_TYPES: '.txt',
      // The stream is complete at any level.
      LOG_LEVEL: 'error',
    });
    [admin, ann] = [await loginAdmin(own.url), await register('ann', own.url)];
  });
  after(() => dispose(own));

  const login = (name: string, password: string, { ip, agent }: typeof HOME) =>
    rest(undefined, own.url)
      .post('/users/login', { username_or_email: name, password })
      .set('X-Forwarded-For', ip)
      .set('User-Agent', agent);
  const lines = (): Json[] => {
    const folder = join(own.dataDir, 'logs');
    return readdirSync(folder)
      .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
      .filter((line) => line.includes('"stream":"security"'))
      .map((line) => JSON.parse(line));
  };
  const logged = (fields: object): Promise<Json> =>
    eventually(() => {
      const found = lines().find((line) => Object.entries(fields).every(([name, value]) => line[name] === value));
      expect(found, JSON.stringify(fields)).to.be.an('object');
      return found;
    });
  const auditOf = async (target: string): Promise<Json[]> =>
    (await rest(admin, own.url).get(`/admin/audit-log?target_id=${target}`).expect(200)).body.entries;

  it('a lock-out by strangers stops neither the owner’s known device nor its open sessions, and is logged', async () => {
    const owner = await register('owner', own.url);
    await login(owner.username, owner.password, HOME).expect(200);
    for (let i = 0; i < 10; i++)
      expectError(await login(owner.username, BAD, { ...ABROAD, ip: `2001:db8:${i}::1` }), 401, 'AUTHENTICATION_ERROR');
    for (let i = 0; i < 4; i++) {
      expectError(await login(owner.username, owner.password, ABROAD), 423, 'ACCOUNT_LOCKED');
      await login(owner.username, owner.password, { ...HOME, ip: `203.0.113.${20 + i}` }).expect(200);
    }
    expectError(await login(owner.username, owner.password, { ...HOME, agent: ABROAD.agent }), 423, 'ACCOUNT_LOCKED');
    await rest(owner, own.url).get('/users/me').expect(200);
    await logged({ event: 'account.locked', user_id: owner.id });
    await logged({ event: 'login.failed', user_id: owner.id, ip: '2001:db8:3::1' });
    await logged({ event: 'login.locked_out', user_id: owner.id, ip: ABROAD.ip });
    await logged({ event: 'login.succeeded', user_id: owner.id, ip: '203.0.113.20' });
  });

  it('an address in one /64 is stopped before it locks anybody out', async () => {
    const owner = await register('owner', own.url);
    const guess = (i: number) => login(owner.username, BAD, { ...ABROAD, ip: `2001:db8:64:1::${i}` });
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) statuses.push((await guess(i)).status);
    expect(statuses).to.deep.equal([...Array(5).fill(401), ...Array(7).fill(429)]);
    await login(owner.username, owner.password, { ...ABROAD, ip: '2001:db8:64:2::1' }).expect(200);
    await logged({ event: 'login.limited', user_id: owner.id });
  });

  it('an admin who reads or deletes a file of others is on record, with address and request id', async () => {
    const upload = () =>
      rest(ann, own.url).post('/files/upload').attach('file', Buffer.from('text'), 'a.txt').expect(201);
    const file = (await upload()).body;
    const act = (method: 'get' | 'delete', path: string, id: string) =>
      rest(admin, own.url)[method](path).set('X-Forwarded-For', '203.0.113.99').set('X-Request-Id', id);
    await rest(ann, own.url).get(`/files/${file.id}`).expect(200);
    const { url } = (await act('get', `/files/${file.id}`, 'admin-reads-1').expect(200)).body;
    await act('get', `/files/${file.id}/content`, 'admin-reads-2').expect(200);
    // By the link that was signed for the admin, without a token.
    await rest(undefined, own.url).get(url).set('X-Request-Id', 'admin-reads-3').expect(200);
    own.kill('admin');
    await act('delete', `/files/${file.id}`, 'admin-deletes-1').expect(204);
    const entries = await eventually(async () => {
      const found = await auditOf(file.id);
      expect(found).to.have.length(4);
      return found;
    }, 30_000);
    const seen = entries.map(({ action, actor_id, request_id, outcome }) => ({
      action,
      actor_id,
      request_id,
      outcome,
    }));
    const by = (action: string, request_id: string) => ({ action, actor_id: admin.id, request_id, outcome: 'done' });
    expect(seen).to.have.deep.members([
      by('file.read', 'admin-reads-1'),
      by('file.read', 'admin-reads-2'),
      by('file.read', 'admin-reads-3'),
      by('file.delete', 'admin-deletes-1'),
    ]);
    expect(entries.filter(({ ip }) => ip === '203.0.113.99')).to.have.length(3);
    for (const { details } of entries) expect(details).to.include({ about_user_id: ann.id });
    await logged({ event: 'file.read_by_staff', request_id: 'admin-reads-1', actor_id: admin.id, target_id: file.id });
    await logged({ event: 'file.deleted_by_staff', request_id: 'admin-deletes-1', ip: '203.0.113.99' });
    await logged({ event: 'staff.acted', action: 'file.delete', request_id: 'admin-deletes-1' });
  });

  it('roles, bans, ended sessions and refused rights are logged with who, whom, from where', async () => {
    const bob = await register('bob', own.url);
    const act = (id: string, test: (path: Json) => Json) =>
      test(rest(admin, own.url)).set('X-Forwarded-For', '203.0.113.50').set('X-Request-Id', id).expect(200);
    await act('role-1', (r) => r.put(`/admin/users/${bob.id}/role`, { role: 'moderator' }));
    await act('ban-1', (r) => r.post(`/admin/users/${bob.id}/ban`, { reason: 'a private reason' }));
    await act('unban-1', (r) => r.post(`/admin/users/${bob.id}/unban`));
    const who = { user_id: bob.id, actor_id: admin.id, ip: '203.0.113.50' };
    await logged({ event: 'account.role_changed', request_id: 'role-1', ...who });
    await logged({ event: 'account.banned', request_id: 'ban-1', ...who });
    await logged({ event: 'account.unbanned', request_id: 'unban-1', ...who });
    await logged({ event: 'staff.acted', action: 'user.ban', request_id: 'ban-1', outcome: 'done' });

    // The gateway may know of the ban and not yet of its end.
    await eventually(async () => void expectError(await rest(bob, own.url).get('/rooms'), 401, 'AUTHENTICATION_ERROR'));
    await logged({ event: 'token.revoked', user_id: bob.id });
    expectError(
      await rest(ann, own.url).get('/admin/users').set('X-Request-Id', 'no-rights-1'),
      403,
      'AUTHORIZATION_ERROR',
    );
    await logged({ event: 'rights.refused', user_id: ann.id, request_id: 'no-rights-1', action: 'GET /admin/users' });
    expectError(await rest({ token: `${ann.token}x` }, own.url).get('/rooms'), 401, 'AUTHENTICATION_ERROR');
    await logged({ event: 'token.forged' });
  });

  it('a caller who reaches a service past the gateway is refused, logged and counted', async () => {
    for (const instance of own.instances.filter(({ dir }) => dir !== 'api-gateway' && dir !== 'realtime-gateway')) {
      const headers = { 'x-chatapi-caller': 'x.y.z', 'x-request-id': `past-${instance.name}` };
      const inside = await fetch(`${internalUrlOf(instance)}/internal/rpc`, { headers });
      expect(inside.status, instance.name).to.be.oneOf([404, 426, 501]);
      const path = {
        auth: '/users/me/sessions',
        user: '/users/me',
        message: '/rooms',
        file: '/files',
        admin: '/admin/users',
        integration: '/admin/webhooks',
      };
      const outside = await fetch(`${urlOf(instance)}${path[instance.dir as keyof typeof path]}`, { headers });
      expect(outside.status, instance.name).to.equal(401);
      await logged({ event: 'identity.refused', request_id: `past-${instance.name}` });
      const metrics = await (await fetch(`${internalUrlOf(instance)}/metrics`)).text();
      expect(metrics).to.match(/chatapi_security_events_total\{event="identity\.refused",[^}]*\} [1-9]/);
    }
  });

  it('no line has a password, a token, or a text that somebody typed', async () => {
    const all = JSON.stringify(lines());
    expect(lines().length).to.be.greaterThan(40);
    for (const secret of [ann.token, ann.refresh_token, ann.password, BAD, 'private reason', 'a.txt', ann.username])
      expect(all).not.to.include(secret);
    for (const line of lines()) expect(line).to.include.keys('time', 'service', 'event', 'outcome');
  });
});
