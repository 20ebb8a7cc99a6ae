import { expect } from 'chai';
import { createHasher } from '../src/password-hasher.ts';
import { type Auth, GOOD, openAuth } from './harness.ts';

const BAD = 'not the password';

describe('login', () => {
  let auth: Auth & { schema: string };
  before(async () => {
    auth = await openAuth();
  });
  after(() => auth?.close());

  it('works by username and by email, in any case', async () => {
    await auth.register('Johnny');
    for (const name of ['Johnny', 'JOHNNY', 'johnny@example.com', 'JOHNNY@EXAMPLE.COM', 'ｊohnny']) {
      const { status, body } = await auth.login(name);
      expect(status, name).to.equal(200);
      expect(body).to.have.all.keys('user', 'access_token', 'refresh_token', 'token_type', 'expires_in');
    }
  });

  it('gives an unknown name and a wrong password the same answer', async () => {
    await auth.register('known');
    const [unknown, wrong] = [await auth.login('unknown', BAD), await auth.login('known', BAD)];
    for (const { body } of [unknown, wrong]) {
      delete body.timestamp;
      delete body.request_id;
    }
    expect(unknown.status).to.equal(401);
    expect(unknown.body).to.deep.equal(wrong.body);
    expect(unknown.body.code).to.equal('AUTHENTICATION_ERROR');
  });

  for (const [what, body] of Object.entries({
    'no password': { username_or_email: 'x' },
    'an object for a password (operator injection)': { username_or_email: 'x', password: { $ne: '' } },
    'an unknown field': { username_or_email: 'x', password: 'y', role: 'admin' },
    'an empty name': { username_or_email: '', password: 'y' },
  })) {
    it(`refuses ${what}`, async () => {
      const answer = await auth.ask('post', '/users/login').send(body);
      expect(answer.status).to.equal(400);
    });
  }

  it('treats SQL in a name as a name', async () => {
    expect((await auth.login("' or 1=1 --", BAD)).status).to.equal(401);
    expect((await auth.login('known%', GOOD)).status).to.equal(401);
  });

  it('answers 503 and counts nothing when the password queue is full', async () => {
    const { id } = await auth.register('patient');
    const full = { ...auth.ctx.hasher, matches: () => Promise.reject(new Error('timeout acquiring a connection')) };
    const { hasher } = auth.ctx;
    auth.ctx.hasher = full;
    expect((await auth.login('patient')).status).to.equal(503);
    auth.ctx.hasher = hasher;
    expect(await auth.ctx.db('login_failures').where('account_key', id)).to.deep.equal([]);
  });

  it('creates no session when the password was changed at the same time', async () => {
    const { id } = await auth.register('raced');
    const { hasher } = auth.ctx;
    auth.ctx.hasher = {
      ...hasher,
      async matches(password, hash) {
        await auth.ctx
          .db('accounts')
          .where('user_id', id)
          .update({ password_hash: await hasher.hash('another one 5!') });
        return hasher.matches(password, hash);
      },
    };
    const { status } = await auth.login('raced');
    auth.ctx.hasher = hasher;
    expect(status).to.equal(401);
  });

  it('upgrades a hash of a lower cost once, and refuses none of several concurrent logins', async () => {
    const { id } = await auth.register('veteran');
    const hashNow = async (): Promise<string> => (await auth.ctx.db('accounts').where('user_id', id))[0].password_hash;
    const current = await hashNow();
    const { hasher } = auth.ctx;
    auth.ctx.hasher = await createHasher(5, 100);
    const logins = await Promise.all(Array.from({ length: 6 }, () => auth.login('veteran')));
    expect(logins.map(({ status }) => status)).to.deep.equal(logins.map(() => 200));
    const stronger = await hashNow();
    expect(current).to.match(/^\$2b\$04\$/);
    expect(stronger).to.match(/^\$2b\$05\$/);
    await auth.login('veteran');
    expect(await hashNow()).to.equal(stronger);
    auth.ctx.hasher = hasher;
    expect((await auth.login('veteran')).status).to.equal(200);
  });

  it('succeeds when the hash cannot be upgraded', async () => {
    await auth.register('staunch');
    const { hasher } = auth.ctx;
    auth.ctx.hasher = { ...hasher, isWeak: () => true, hash: () => Promise.reject(new Error('full')) };
    expect((await auth.login('staunch')).status).to.equal(200);
    auth.ctx.hasher = hasher;
  });

  it('publishes account.seen at most once in ten minutes', async () => {
    const { id } = await auth.register('seen');
    for (let i = 0; i < 3; i++) await auth.login('seen');
    const published = () =>
      auth.ctx.db('outbox').where('name', 'account.seen').whereRaw("payload->>'user_id' = ?", [id]);
    expect(await published()).to.have.length(1);
    await auth.ctx.db.raw("update accounts set seen_at = now() - interval '10 minutes' where user_id = ?", [id]);
    await auth.login('seen');
    expect(await published()).to.have.length(2);
  });
});

describe('the time of a login', () => {
  it('does not tell an unknown name from a wrong password', async () => {
    const auth = await openAuth({ BCRYPT_COST: '9', RATE_LIMIT_LOGIN: '0' });
    try {
      await auth.register('timed');
      const took = async (name: string): Promise<number> => {
        const started = performance.now();
        await auth.login(name, BAD);
        return performance.now() - started;
      };
      await took('timed');
      // Alternate, so that other load of the machine affects both equally.
      const ratios: number[] = [];
      for (let i = 0; i < 11; i++) ratios.push((await took('nobody')) / (await took('timed')));
      expect(ratios.sort((a, b) => a - b)[5]).to.be.within(0.5, 2);
    } finally {
      await auth.close();
    }
  });
});
