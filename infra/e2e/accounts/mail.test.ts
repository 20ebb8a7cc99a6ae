// Mails of a whole cluster: links that lead through the gateway, a mail server that hangs while
// auth is killed, and what other services learn.
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { Client } from 'pg';
import { type Account, login, loginAdmin, register, rest, unique } from '../support/client.ts';
import { dispose, ownCluster, type TestCluster } from '../support/cluster.ts';
import { linkTo, mailsTo } from '../support/mails.ts';
import { startMailServer } from '../support/smtp.ts';

const NEW = 'amber-lantern-orchard-63';
const tokenOf = (link: string): string => new URL(link).searchParams.get('token') as string;

describe('mails of a cluster', function () {
  this.timeout(180_000);
  let own: TestCluster;
  before(async () => {
    own = await ownCluster({ AUTH_INSTANCES: '2' });
  });
  after(() => dispose(own));

  const anyone = () => rest(undefined, own.url);
  const as = (account: Account) => rest(account, own.url);

  it('a forgotten password is replaced by the link, which ends sessions on every gateway', async () => {
    const ann = await register('forgot', own.url);
    await anyone().post('/users/password-resets', { email: ann.email }).expect(202);
    const link = await linkTo(own, ann.email);
    expect(link).to.match(new RegExp(`^${own.url}/account/reset\\?token=`));
    await anyone().get('/account/reset').expect(200);
    const body = { token: tokenOf(link), new_password: NEW };
    await anyone().post('/users/password-resets/confirm', body).expect(204);
    await eventually(() => as(ann).get('/users/me').expect(401), 5000);
    const again = await login({ username: ann.username, password: NEW }, own.url);
    expect((await as(again).get('/users/me').expect(200)).body.email_verified).to.equal(true);
    const { body: refused } = await anyone().post('/users/password-resets/confirm', body).expect(400);
    expect(refused.details.reason).to.equal('token_invalid');
  });

  it('a new address reaches every service once it is confirmed', async () => {
    const ann = await register('moving', own.url);
    const email = `${unique('moved')}@example.com`;
    await as(ann).post('/users/me/email', { email, current_password: ann.password }).expect(202);
    const token = tokenOf(await linkTo(own, email));
    expect((await as(ann).get('/users/me').expect(200)).body.email).to.equal(ann.email);
    await anyone().post('/users/email-confirmations', { token }).expect(204);
    await eventually(async () => {
      const { body } = await as(ann).get('/users/me').expect(200);
      expect(body).to.include({ email, email_verified: true });
    });
    await eventually(() => mailsTo(own, ann.email).length === 2);
    const admin = await loginAdmin(own.url);
    const { body } = await as(admin).get(`/admin/users?search=${ann.username}`).expect(200);
    expect(body.users[0]).to.include({ email, email_verified: true });
  });

  it('an admin’s link works, stands in the audit log without its token, and is for admins only', async () => {
    const ann = await register('helped', own.url);
    const admin = await loginAdmin(own.url);
    const { body } = await as(admin).post(`/admin/users/${ann.id}/password-reset`).expect(200);
    expect(Date.parse(body.expires_at)).to.be.greaterThan(Date.now());
    const token = tokenOf(body.url);
    await anyone().post('/users/password-resets/confirm', { token, new_password: NEW }).expect(204);
    const log = (await as(admin).get(`/admin/audit-log?target_id=${ann.id}`).expect(200)).body;
    expect(log.entries[0]).to.include({ action: 'user.password_reset', actor_id: admin.id });
    expect(JSON.stringify(log)).not.to.include(token);
    const eve = await register('curious', own.url);
    await as(eve).post(`/admin/users/${ann.id}/password-reset`).expect(403);
    await as(admin).post('/admin/users/usr_nobody/password-reset').expect(404);
  });
});

describe('auth killed between the queue and the mail server', function () {
  this.timeout(180_000);

  it('sends every mail that was accepted, once it is back; the answer never waited', async () => {
    const server = await startMailServer();
    const own = await ownCluster({
      SMTP_URL: server.url,
      MAIL_FROM: 'no-reply@chat.example.com',
    });
    try {
      const people: Account[] = [];
      for (let i = 0; i < 6; i++) people.push(await register('mailed', own.url));
      server.hang(true);
      for (const { email } of people)
        await rest(undefined, own.url).post('/users/password-resets', { email }).expect(202);
      await eventually(() => server.hanging() > 0);
      own.kill('auth');
      server.hang(false);
      await own.waitReady();
      // As if the minute had passed after which others may send what it was sending.
      const db = new Client({ connectionString: own.postgresUrl });
      await db.connect();
      await db.query('update auth.mails set due_at = now()');
      await db.end();
      await eventually(() => people.every(({ email }) => server.count(email) >= 1));
    } finally {
      await dispose(own);
      await server.stop();
    }
  });
});
