import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { beginLoginAttempt } from '../src/login-limit.ts';
import { type Auth, GOOD, openAuth } from './harness.ts';

describe('the login limit of an address', () => {
  let auth: Auth & { schema: string };
  let strict: Auth;
  before(async () => {
    auth = await openAuth();
    strict = await openAuth({ RATE_LIMIT_LOGIN_ADDRESS: '7', RATE_LIMIT_LOGIN: '5' }, auth.schema);
  });
  after(async () => {
    await strict?.close();
    await auth?.close();
  });
  const attempt = (name: string, ip: string, password = 'not the password 1') => strict.login(name, password, ip);

  it('counts failed logins on any accounts, and counts an IPv6 /64 as one address', async () => {
    const person = await auth.register('addressed');
    for (let i = 0; i < 7; i++) expect((await attempt(`nobody${i}`, `2001:db8:7:7::${i}`)).status).to.equal(401);
    const { status, headers } = await attempt(person.username, '2001:db8:7:7:ffff::1', GOOD);
    expect(status).to.equal(429);
    expect(headers).to.include({ 'x-ratelimit-limit': '7', 'x-ratelimit-remaining': '0' });
    expect(Number(headers['retry-after'])).to.be.within(890, 900);
    expect((await attempt(person.username, '2001:db8:7:8::1', GOOD)).status).to.equal(200);
  });

  it('does not count successful logins', async () => {
    const person = await auth.register('rightful');
    const answers = await Promise.all(Array.from({ length: 20 }, () => attempt(person.username, '192.0.2.70', GOOD)));
    expect(answers.map(({ status }) => status)).to.deep.equal(Array(20).fill(200));
  });

  it('checks exactly as many concurrent guesses as the limit', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => attempt(`none${i}`, '192.0.2.71')));
    expect(answers.filter(({ status }) => status === 401)).to.have.length(7);
    expect(answers.filter(({ status }) => status === 429)).to.have.length(13);
  });

  it('makes an attempt wait while pending attempts hold the last places', async () => {
    const person = await auth.register('patient');
    const tries = await Promise.all(
      Array.from({ length: 7 }, (_, i) =>
        beginLoginAttempt(strict.ctx, `x${i}`, null, { ip: '192.0.2.73', request_id: 'req_test' }),
      ),
    );
    const answer = attempt(person.username, '192.0.2.73', GOOD).then(({ status }) => status);
    expect(await Promise.race([answer, sleep(300, 'waits')])).to.equal('waits');
    await tries[0]?.release();
    expect(await answer).to.equal(200);
    await Promise.all(tries.map((one) => one.release()));
  });

  it('applies when the limit per account is off', async () => {
    const alone = await openAuth({ RATE_LIMIT_LOGIN_ADDRESS: '2', RATE_LIMIT_LOGIN: '0' }, auth.schema);
    try {
      const statuses = [];
      for (let i = 0; i < 3; i++) statuses.push((await alone.login('anybody', 'wrong guess 11', '192.0.2.72')).status);
      expect(statuses).to.deep.equal([401, 401, 429]);
    } finally {
      await alone.close();
    }
  });

  it('does not stop a logged-in user from changing the password', async () => {
    const person = await auth.register('changing');
    for (let i = 0; i < 8; i++) await attempt(`nobody${i}`, '192.0.2.1');
    const change = { current_password: GOOD, new_password: 'quite another 77' };
    expect((await strict.ask('put', '/users/me/password', strict.as(person)).send(change)).status).to.equal(200);
  });
});
