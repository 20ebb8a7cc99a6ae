import { served } from '@chatapi/kit/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { accountById } from '../src/account-store.ts';
import { beginLoginAttempt, resetFailures } from '../src/login-limit.ts';
import { deleteExpired } from '../src/sweeps.ts';
import { type Auth, GOOD, openAuth } from './harness.ts';

const BAD = 'not the password';
const from = (ip: string) => ({ ip, request_id: 'req_test' });
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const tally = (answers: { status: number }[]): Record<number, number> => {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);

describe('login limit', () => {
  let auth: Auth & { schema: string };
  let other: Auth;
  before(async () => {
    auth = await openAuth();
    other = await openAuth({}, auth.schema);
  });
  after(async () => {
    await other?.close();
    await auth?.close();
  });
  const fail = async (name: string, times: number, ip: string): Promise<number[]> => {
    const statuses: number[] = [];
    for (let i = 0; i < times; i++) statuses.push((await auth.login(name, BAD, ip)).status);
    return statuses;
  };

  it('the sixth attempt from one address is 429 with Retry-After and the three headers, even if right', async () => {
    await auth.register('six');
    expect(await fail('six', 5, '192.0.2.10')).to.deep.equal([401, 401, 401, 401, 401]);
    const { status, headers, body } = await auth.login('six', GOOD, '192.0.2.10');
    expect(status).to.equal(429);
    expect(body.code).to.equal('RATE_LIMIT_EXCEEDED');
    expect(Number(headers['retry-after'])).to.be.within(880, 900);
    expect(headers['x-ratelimit-limit']).to.equal('5');
    expect(headers['x-ratelimit-remaining']).to.equal('0');
    expect(Number(headers['x-ratelimit-reset'])).to.be.within(Date.now() / 1000 + 880, Date.now() / 1000 + 902);
    expect((await auth.login('six', GOOD, '192.0.2.11')).status).to.equal(200);
  });

  it('counts an IPv6 address by its /64', async () => {
    const { username } = await auth.register('sixfold');
    for (let i = 0; i < 5; i++)
      expect((await auth.login(username, 'wrong guess 11', `2001:db8:1:1::${i}`)).status).to.equal(401);
    expect((await auth.login(username, GOOD, '2001:db8:1:1:1:2:3:4')).status).to.equal(429);
    expect((await auth.login(username, GOOD, '2001:db8:1:2::1')).status).to.equal(200);
  });

  it('username and email in any case count for one account', async () => {
    await auth.register('oneaccount');
    for (const name of ['oneaccount', 'ONEACCOUNT', 'oneaccount@example.com', 'OneAccount@Example.COM', 'oneAccount']) {
      expect((await auth.login(name, BAD, '192.0.2.12')).status).to.equal(401);
    }
    expect((await auth.login('oneaccount', BAD, '192.0.2.12')).status).to.equal(429);
  });

  it('a right password neither counts nor resets', async () => {
    await auth.register('neither');
    await fail('neither', 4, '192.0.2.13');
    for (let i = 0; i < 8; i++) expect((await auth.login('neither', GOOD, '192.0.2.13')).status).to.equal(200);
    expect((await auth.login('neither', BAD, '192.0.2.13')).status).to.equal(401);
    expect((await auth.login('neither', GOOD, '192.0.2.13')).status).to.equal(429);
  });

  it('the tenth failure from anywhere locks for 15 minutes, also for the right password', async () => {
    await auth.register('locked');
    await fail('locked', 5, '192.0.2.14');
    await fail('locked', 5, '192.0.2.15');
    const { status, body, headers } = await auth.login('locked', GOOD, '192.0.2.16');
    expect(status).to.equal(423);
    expect(body.code).to.equal('ACCOUNT_LOCKED');
    expect(Number(headers['retry-after'])).to.be.within(880, 900);
  });

  it('an unknown name gives the same answers', async () => {
    const one = [...(await fail('ghost', 6, '192.0.2.17')), ...(await fail('ghost', 6, '192.0.2.18'))];
    expect(one).to.deep.equal([401, 401, 401, 401, 401, 429, 401, 401, 401, 401, 401, 423]);
    await auth.register('flesh');
    const two = [...(await fail('flesh', 6, '192.0.2.17')), ...(await fail('flesh', 6, '192.0.2.18'))];
    expect(two).to.deep.equal(one);
  });

  it('an unknown name is not stored in clear text', async () => {
    await auth.login('my secret password', BAD, '192.0.2.19');
    const rows = await auth.ctx.db('login_failures').select('account_key');
    expect(JSON.stringify(rows)).to.not.include('my secret');
  });

  it('a lockout does not touch open sessions', async () => {
    const victim = await auth.register('victim');
    await fail('victim', 5, '192.0.2.20');
    await fail('victim', 5, '192.0.2.21');
    expect((await auth.login('victim', GOOD, '192.0.2.22')).status).to.equal(423);
    expect((await auth.ask('post', '/users/refresh').send({ refresh_token: victim.refresh_token })).status).to.equal(
      200,
    );
    expect((await auth.ask('get', '/users/me/sessions', auth.as(victim))).status).to.equal(200);
    const change = { current_password: GOOD, new_password: 'quite another 77' };
    expect((await auth.ask('put', '/users/me/password', auth.as(victim)).send(change)).status).to.equal(200);
  });

  it('ends by itself after its time', async () => {
    const { id } = await auth.register('patience');
    await fail('patience', 5, '192.0.2.23');
    await fail('patience', 5, '192.0.2.24');
    await auth.ctx.db.raw(
      "update login_locks set locked_until = now() - interval '1 second' where starts_with(account_key, ?)",
      [id],
    );
    await auth.ctx.db.raw(
      "update login_failures set failed_at = failed_at - interval '15 minutes' where account_key = ?",
      [id],
    );
    expect((await auth.login('patience', GOOD, '192.0.2.23')).status).to.equal(200);
  });

  it('ends when an admin unlocks the account, and its failures are deleted', async () => {
    const { id } = await auth.register('forgiven');
    await fail('forgiven', 5, '192.0.2.25');
    await fail('forgiven', 5, '192.0.2.26');
    expect((await auth.inside('post', `/internal/accounts/${id}/unlock`)).status).to.equal(204);
    expect((await auth.login('forgiven', BAD, '192.0.2.25')).status).to.equal(401);
    expect((await auth.login('forgiven', GOOD, '192.0.2.25')).status).to.equal(200);
    expect((await auth.inside('post', '/internal/accounts/usr_none/unlock')).status).to.equal(404);
  });

  it('fifty wrong guesses at once through two instances: exactly five are checked', async () => {
    await auth.register('burst');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => served(() => (i % 2 ? auth : other).login('burst', BAD, '192.0.2.30'))),
    );
    expect(tally(answers)).to.deep.equal({ 401: 5, 429: 45 });
  });

  it('sixty wrong guesses at once from sixty addresses: exactly ten are checked', async () => {
    await auth.register('swarm');
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => served(() => (i % 2 ? auth : other).login('swarm', BAD, `198.51.100.${i}`))),
    );
    expect(tally(answers)).to.deep.equal({ 401: 10, 423: 50 });
  });

  it('twenty right logins at once all succeed', async () => {
    await auth.register('popular');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => served(() => (i % 2 ? auth : other).login('popular', GOOD, '192.0.2.31'))),
    );
    expect(tally(answers)).to.deep.equal({ 200: 20 });
  });

  it('attempts that never end do not hold their places forever', async () => {
    const { id } = await auth.register('hung');
    for (let i = 0; i < 5; i++) await beginLoginAttempt(auth.ctx, id, null, from('192.0.2.32'));
    const waiting = auth.login('hung', GOOD, '192.0.2.32');
    const stuck = await Promise.race([waiting.then(() => 'answered'), wait(300).then(() => 'waits')]);
    expect(stuck).to.equal('waits');
    await auth.ctx.db.raw("update login_failures set begun_at = now() - interval '21 seconds' where account_key = ?", [
      id,
    ]);
    expect((await waiting).status).to.equal(200);
  });

  it('answers 503 when pending attempts hold every place for five seconds', async () => {
    const { id } = await auth.register('blocked');
    for (let i = 0; i < 5; i++) await beginLoginAttempt(auth.ctx, id, null, from('192.0.2.33'));
    expect((await auth.login('blocked', GOOD, '192.0.2.33')).status).to.equal(503);
  }).timeout(12_000);

  it('old failures are swept away', async () => {
    await auth.login('sweepme', BAD, '192.0.2.34');
    await auth.ctx.db.raw("update login_failures set begun_at = now() - interval '1 hour'");
    await deleteExpired(auth.ctx);
    expect(await auth.ctx.db('login_failures')).to.deep.equal([]);
  });

  it('any order of right and wrong attempts from three addresses follows the rule', async () => {
    let round = 0;
    const step = fc.record({
      ip: fc.integer({ min: 0, max: 2 }),
      right: fc.boolean(),
      unlock: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 40 }), async (steps) => {
        const key = `rule ${process.pid} ${round++}`;
        let failed: number[] = [];
        for (const { ip, right, unlock } of steps) {
          if (unlock) {
            await resetFailures(auth.ctx, key);
            failed = [];
          }
          const expected =
            failed.length >= 10
              ? 'ACCOUNT_LOCKED'
              : failed.filter((f) => f === ip).length >= 5
                ? 'RATE_LIMIT_EXCEEDED'
                : 'checked';
          const attempt = await beginLoginAttempt(auth.ctx, key, null, from(`203.0.113.${ip}`)).catch(
            (error: { code: string }) => error.code,
          );
          expect(typeof attempt === 'string' ? attempt : 'checked').to.equal(expected);
          if (typeof attempt === 'string') continue;
          if (right) await attempt.release();
          else {
            await attempt.fail();
            failed.push(ip);
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  it('overlapping attempts: at most five wrong per address and ten in all, none refused for others', async () => {
    let round = 0;
    const attempt = fc.record({
      ip: fc.integer({ min: 0, max: 2 }),
      right: fc.boolean(),
      takes: fc.integer({ min: 0, max: 15 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { minLength: 5, maxLength: 25 }), async (attempts) => {
        const key = `overlap ${process.pid} ${round++}`;
        const wrong = [0, 0, 0];
        await Promise.all(
          attempts.map(async ({ ip, right, takes }, i) => {
            const place = await beginLoginAttempt((i % 2 ? auth : other).ctx, key, null, from(`203.0.113.${ip}`)).catch(
              (error: { code: string }) => error.code,
            );
            if (typeof place === 'string') {
              expect(place === 'ACCOUNT_LOCKED' ? sum(wrong) : 2 * (wrong[ip] as number)).to.equal(10);
              return;
            }
            await wait(takes);
            if (right) return place.release();
            (wrong[ip] as number)++;
            await place.fail();
          }),
        );
        expect(Math.max(...wrong)).to.be.at.most(5);
        expect(sum(wrong)).to.be.at.most(10);
      }),
      { numRuns: 15 },
    );
  }).timeout(30_000);

  it('is off, with the lockout, when set to 0', async () => {
    const free = await openAuth({ RATE_LIMIT_LOGIN: '0' }, auth.schema);
    try {
      const { id } = await free.register('free');
      for (let i = 0; i < 12; i++) expect((await free.login('free', BAD)).status).to.equal(401);
      expect((await free.login('free')).status).to.equal(200);
      expect(await free.ctx.db('login_failures').where('account_key', id)).to.deep.equal([]);
      expect((await accountById(free.ctx.db, id))?.status).to.equal('active');
    } finally {
      await free.close();
    }
  });
});
