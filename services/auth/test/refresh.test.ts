import { expect } from 'chai';
import fc from 'fast-check';
import { forget } from '../src/jobs.ts';
import { refresh } from '../src/refresh.ts';
import { type Auth, claimsOf, openAuth, type Person } from './harness.ts';

const FROM = { ip: '192.0.2.1', user_agent: 'mocha' };

describe('refresh', () => {
  let auth: Auth & { schema: string };
  let other: Auth;
  let person: Person;
  let n = 0;
  before(async () => {
    auth = await openAuth();
    other = await openAuth({}, auth.schema);
  });
  beforeEach(async () => {
    person = await auth.register(`refresher${n++}`);
  });
  after(async () => {
    await other?.close();
    await auth?.close();
  });
  const exchange = (refresh_token: string, by: Auth = auth) => by.ask('post', '/users/refresh').send({ refresh_token });
  const next = async (token: string): Promise<string> => {
    const { status, body } = await exchange(token);
    expect(status).to.equal(200);
    return body.refresh_token;
  };
  const ended = async (): Promise<boolean> =>
    (await auth.ctx.db('sessions').where('session_id', person.session_id))[0].ended_at !== null;

  it('answers a new pair of the same session', async () => {
    const { status, body } = await exchange(person.refresh_token);
    expect(status).to.equal(200);
    expect(body).to.have.all.keys('access_token', 'refresh_token', 'token_type', 'expires_in');
    expect(body.refresh_token).to.not.equal(person.refresh_token);
    expect(claimsOf(body.access_token)).to.include({ sub: person.id, sid: person.session_id });
  });

  it('keeps tokens as hashes only', async () => {
    const rows = await auth.ctx.db('refresh_tokens').where('session_id', person.session_id);
    expect(rows[0].token_hash).to.have.length(32);
    expect(JSON.stringify(rows)).to.not.include(person.refresh_token);
  });

  it('a lost answer logs nobody out: the old token is good until its successor is first used', async () => {
    await next(person.refresh_token); // lost
    await next(person.refresh_token); // lost again
    const kept = await next(person.refresh_token);
    await next(kept);
    expect(await ended()).to.equal(false);
  });

  it('siblings from one token (two tabs) are each good, in one session', async () => {
    const [one, two] = [await next(person.refresh_token), await next(person.refresh_token)];
    const [afterOne, afterTwo] = [await next(one), await next(two)];
    await next(afterOne);
    await next(afterTwo);
    const sessions = await auth.ctx.db('sessions').where('user_id', person.id);
    expect(sessions).to.have.length(1);
    expect(await ended()).to.equal(false);
  });

  it('a stolen old token, used after its successor, ends the session for thief and owner', async () => {
    const owners = await next(await next(person.refresh_token));
    const thief = await exchange(person.refresh_token);
    expect(thief.status).to.equal(401);
    expect(thief.body.code).to.equal('AUTHENTICATION_ERROR');
    expect(await ended()).to.equal(true);
    expect((await exchange(owners)).status).to.equal(401);
    const { body } = await auth.inside('get', '/internal/revocations?after=0');
    expect(body.revocations.filter((r: { subject: string }) => r.subject === person.session_id)).to.have.length(1);
    await exchange(person.refresh_token);
    expect((await auth.inside('get', '/internal/revocations?after=0')).body.revocations).to.have.length(
      body.revocations.length,
    );
  });

  it('a thief who is faster than the owner is found out when the owner comes', async () => {
    await next(await next(person.refresh_token)); // the thief, twice
    expect((await exchange(person.refresh_token)).status).to.equal(401); // the owner
    expect(await ended()).to.equal(true);
  });

  for (const [what, token] of Object.entries({
    unknown: 'x'.repeat(43),
    empty: '',
    'too long': 'x'.repeat(200),
    'no text': { $gt: '' },
  })) {
    it(`refuses a token that is ${what}`, async () => {
      expect((await exchange(token as string)).status).to.equal(what === 'unknown' ? 401 : 400);
    });
  }

  it('an access token is no refresh token', async () => {
    expect((await exchange(person.access_token.slice(0, 100))).status).to.equal(401);
  });

  it('refuses an expired token without ending anything', async () => {
    await auth.ctx
      .db('refresh_tokens')
      .where('session_id', person.session_id)
      .update({ expires_at: new Date(0) });
    expect((await exchange(person.refresh_token)).status).to.equal(401);
    expect(await ended()).to.equal(false);
  });

  it('refuses the tokens of a session that has ended', async () => {
    await auth.ask('post', '/users/logout', auth.as(person));
    expect((await exchange(person.refresh_token)).status).to.equal(401);
  });

  it('refuses the token of an account that was removed', async () => {
    await auth.ctx.db('accounts').where('user_id', person.id).delete();
    expect((await exchange(person.refresh_token)).status).to.equal(401);
  });

  it('one token sixty times at once, through two instances: one session, every answer good, no theft seen', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => exchange(person.refresh_token, i % 2 ? auth : other)),
    );
    expect(answers.every(({ status }) => status === 200)).to.equal(true);
    expect(await ended()).to.equal(false);
  });

  it('a token and its successor at the same moment: the owner’s is good, whoever comes later is judged by what was', async () => {
    for (let i = 0; i < 15; i++) {
      const p = await auth.register(`moment${n++}`);
      const successor = await next(p.refresh_token);
      const [old, fresh] = await Promise.all([exchange(p.refresh_token, other), exchange(successor)]);
      const [{ ended_at }] = await auth.ctx.db('sessions').where('session_id', p.session_id);
      // Either the old one came first (both good), or it came second: then it was theft and the session is over.
      expect([old.status, ended_at === null]).to.deep.equal(old.status === 200 ? [200, true] : [401, false]);
      if (old.status === 200) expect(fresh.status).to.equal(200);
    }
  });

  it('sweeps sessions that nobody refreshed in time, with their tokens', async () => {
    await auth.ctx.db.raw("update sessions set last_used_at = now() - interval '31 days' where session_id = ?", [
      person.session_id,
    ]);
    await forget(auth.ctx);
    expect(await auth.ctx.db('sessions').where('session_id', person.session_id)).to.deep.equal([]);
    expect(await auth.ctx.db('refresh_tokens').where('session_id', person.session_id)).to.deep.equal([]);
  });

  it('any interleaving of clients that hold copies is judged by the written rule, in one session', async () => {
    // Each step: a client uses the token it knows, or an older one it kept; its answer may get lost.
    const step = fc.record({ client: fc.nat(3), back: fc.nat(2), lost: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
        const p = await auth.register(`model${n++}`);
        const parent = new Map<string, string>();
        const spent = new Set<string>();
        const known = Array.from({ length: 4 }, () => [p.refresh_token]);
        let over = false;
        for (const { client, back, lost } of steps) {
          const mine = known[client] as string[];
          const token = mine[Math.max(0, mine.length - 1 - back)] as string;
          const good = !over && !spent.has(token);
          if (!good && spent.has(token)) over = true;
          const answer = await refresh(auth.ctx, FROM, token).catch((error: { code: string }) => error.code);
          expect(typeof answer === 'string' ? answer : 'good').to.equal(good ? 'good' : 'AUTHENTICATION_ERROR');
          if (typeof answer === 'string') continue;
          const before = parent.get(token);
          if (before !== undefined) spent.add(before);
          parent.set(answer.refresh_token, token);
          if (!lost) mine.push(answer.refresh_token);
        }
        const sessions = await auth.ctx.db('sessions').where('user_id', p.id);
        expect(sessions.map(({ ended_at }: { ended_at: Date | null }) => ended_at !== null)).to.deep.equal([over]);
      }),
      { numRuns: 25 },
    );
  }).timeout(30_000);

  it('honest clients at work at once, whatever answers get lost, are never thrown out', async () => {
    // Honest: each tab starts from a sibling of its own and always uses the newest token that it knows.
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 }),
        async (tabs) => {
          const p = await auth.register(`honest${n++}`);
          const starts = await Promise.all(tabs.map(() => refresh(auth.ctx, FROM, p.refresh_token)));
          await Promise.all(
            tabs.map(async (losses, i) => {
              let mine = starts[i]?.refresh_token as string;
              for (const lost of losses) {
                const answer = await refresh((i % 2 ? auth : other).ctx, FROM, mine);
                if (!lost) mine = answer.refresh_token;
              }
            }),
          );
          const sessions = await auth.ctx.db('sessions').where('user_id', p.id);
          expect(sessions.map(({ ended_at }: { ended_at: Date | null }) => ended_at)).to.deep.equal([null]);
        },
      ),
      { numRuns: 15 },
    );
  }).timeout(30_000);

  it('clients with copies, all at once through two instances: one session, over exactly if somebody was refused', async () => {
    // Each round, every client uses some token that was ever given out, at the same moment as all others.
    const rounds = fc.array(fc.array(fc.nat(), { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(rounds, async (all) => {
        const p = await auth.register(`copies${n++}`);
        const given = [p.refresh_token];
        let refusals = 0;
        for (const picks of all) {
          const used = picks.map((pick) => given[pick % given.length] as string);
          const answers = await Promise.all(
            used.map((token, i) =>
              refresh((i % 2 ? auth : other).ctx, FROM, token).catch((error: { code: string }) => error.code),
            ),
          );
          for (const answer of answers) {
            if (typeof answer === 'string') expect(answer).to.equal('AUTHENTICATION_ERROR');
            else given.push(answer.refresh_token);
          }
          refusals += answers.filter((answer) => typeof answer === 'string').length;
        }
        const sessions = await auth.ctx.db('sessions').where('user_id', p.id);
        expect(sessions.map(({ ended_at }: { ended_at: Date | null }) => ended_at !== null)).to.deep.equal([
          refusals > 0,
        ]);
        if (refusals > 0) for (const token of given) expect((await exchange(token)).status).to.equal(401);
      }),
      { numRuns: 15 },
    );
  }).timeout(60_000);
});
