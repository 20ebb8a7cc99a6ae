import { expect } from 'chai';
import { deleteExpired } from '../src/sweeps.ts';
import { type Auth, GOOD, openAuth } from './harness.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

describe('a sign-in from a new device', () => {
  let auth: Auth & { schema: string };
  before(async () => {
    auth = await openAuth();
    await auth.ctx.mailJob.close();
  });
  beforeEach(() => auth.ctx.db.raw('delete from mails'));
  after(() => auth.close());

  const login = (name: string, ip: string, user_agent: string, status = 200) =>
    auth
      .ask('post', '/users/login', { kind: 'anonymous', ip, user_agent })
      .send({ username_or_email: name, password: GOOD })
      .expect(status);
  const notices = async () =>
    (await auth.ctx.db.raw('select kind, recipient, told, language from mails order by created_at')).rows;

  it('tells the owner when, from where and by which program, once', async () => {
    await auth.register('device.ann');
    await login('device.ann', '192.0.2.1', 'mocha');
    expect(await notices()).to.deep.equal([]);
    await login('device.ann', '198.51.100.7', FIREFOX);
    // The same network and program.
    await login('device.ann', '198.51.100.99', FIREFOX.replaceAll('140', '141'));
    const [notice, ...more] = await notices();
    expect(more).to.deep.equal([]);
    expect(notice).to.deep.include({ kind: 'new-device', recipient: 'device.ann@example.com', language: 'en' });
    expect(notice.told).to.include({ ip: '198.51.100.7', device: 'firefox' });
    expect(Date.now() - Date.parse(notice.told.at)).to.be.below(60_000);
  });

  it('is one again after 90 days, not after 89', async () => {
    const ann = await auth.register('device.old');
    const age = (days: number) =>
      auth.ctx.db.raw(`update known_devices set last_login_at = now() - ? * interval '1 day' where user_id = ?`, [
        days,
        ann.id,
      ]);
    await age(89);
    await deleteExpired(auth.ctx);
    await login('device.old', '192.0.2.1', 'mocha');
    expect(await notices()).to.deep.equal([]);
    await age(91);
    await login('device.old', '192.0.2.1', 'mocha');
    expect(await notices()).to.have.length(1);
  });

  it('tells nobody of a login that failed', async () => {
    await auth.register('device.failed');
    await auth.login('device.failed', 'wrong-password-1', '198.51.100.8').expect(401);
    expect(await notices()).to.deep.equal([]);
  });
});
