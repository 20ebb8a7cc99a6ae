import { createHash } from 'node:crypto';
import { served } from '@chatapi/kit/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { refresh } from '../src/refresh.ts';
import { deleteExpired } from '../src/sweeps.ts';
import { type Auth, claimsOf, openAuth, type Person } from './harness.ts';

const FROM = { ip: '192.0.2.1', user_agent: 'mocha', request_id: 'req_test', language: 'en' } as const;

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

  it('returns a new pair of tokens of the same session', async () => {
    const { status, body } = await exchange(person.refresh_token);
    expect(status).to.equal(200);
    expect(body).to.have.all.keys('access_token', 'refresh_token', 'token_type', 'expires_in');
    expect(body.refresh_token).to.not.equal(person.refresh_token);
    expect(claimsOf(body.access_token)).to.include({ sub: person.id, sid: person.session_id });
  });

  it('stores tokens as hashes only', async () => {
    const rows = await auth.ctx.db('refresh_tokens').where('session_id', person.session_id);
    expect(rows[0].token_hash).to.have.length(32);
    expect(JSON.stringify(rows)).to.not.include(person.refresh_token);
  });

  it('a lost response logs nobody out: until its successor is used, a token returns it again', async () => {
    const lost = [await next(person.refresh_token), await next(person.refresh_token)];
    const returned = await next(person.refresh_token);
    expect(lost).to.deep.equal([returned, returned]);
    await next(returned);
    expect(await ended()).to.equal(false);
  });

  it('successors are stored as hashes only, and their key is useless without the token', async () => {
    const successor = await next(person.refresh_token);
    const rows = await auth.ctx.db('refresh_tokens').where('session_id', person.session_id);
    expect(rows).to.have.length(2);
    const stored = rows.flatMap((row: Record<string, unknown>) => Object.values(row)).filter(Buffer.isBuffer);
    const secret = Buffer.from(successor, 'base64url');
    expect(stored.some((bytes: Buffer) => bytes.equals(secret))).to.equal(false);
    expect(JSON.stringify(rows)).to.not.include(successor);
  });

  it('a copied token shares the owner’s chain; whoever uses a spent token ends the session', async () => {
    const [owners, thiefs] = [await next(person.refresh_token), await next(person.refresh_token)];
    expect(thiefs).to.equal(owners);
    await next(await next(owners));
    expect((await exchange(thiefs)).status).to.equal(401);
    expect(await ended()).to.equal(true);
  });

  it('of two chains of one session (previous release), the first used continues, the other ends it', async () => {
    const copy = 'c'.repeat(43);
    const token_hash = createHash('sha256').update(copy).digest();
    const [row] = await auth.ctx.db('refresh_tokens').where('session_id', person.session_id);
    await auth.ctx.db('refresh_tokens').insert({ ...row, token_hash, parent_hash: Buffer.alloc(32) });
    await next(await next(person.refresh_token));
    expect((await exchange(copy)).status).to.equal(401);
    expect(await ended()).to.equal(true);
  });

  it('a stolen old token, used after its successor, ends the session of thief and owner', async () => {
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

  it('a thief who is faster than the owner is detected at the owner’s next refresh', async () => {
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

  it('sixty concurrent uses of one token through two instances: one session, one successor, no theft', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => served(() => exchange(person.refresh_token, i % 2 ? auth : other))),
    );
    expect(answers.map(({ status, body }) => (status === 200 ? 200 : body))).to.deep.equal(Array(60).fill(200));
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).to.equal(1);
    expect(await ended()).to.equal(false);
  });

  it('a token and its successor at once: the successor is valid, the older token only if it was first', async () => {
    for (let i = 0; i < 15; i++) {
      const p = await auth.register(`moment${n++}`);
      const successor = await next(p.refresh_token);
      const [old, fresh] = await Promise.all([exchange(p.refresh_token, other), exchange(successor)]);
      const [{ ended_at }] = await auth.ctx.db('sessions').where('session_id', p.session_id);
      // The old token came first (both are valid) or second (theft, which ended the session).
      expect([old.status, ended_at === null]).to.deep.equal(old.status === 200 ? [200, true] : [401, false]);
      if (old.status === 200) expect(fresh.status).to.equal(200);
    }
  });

  it('a session ends SESSION_MAX_DAYS after its login, and its last access token with it', async () => {
    const age = (interval: string) =>
      auth.ctx.db.raw('update sessions set created_at = now() - ?::interval where session_id = ?', [
        interval,
        person.session_id,
      ]);
    await age('89 days 23 hours 50 minutes');
    const { body } = await exchange(person.refresh_token);
    expect(body.expires_in).to.be.within(590, 600);
    const { exp, iat } = claimsOf(body.access_token) as { exp: number; iat: number };
    expect(exp - iat).to.be.within(590, 601);
    await age('90 days 1 minute');
    expect((await exchange(body.refresh_token)).status).to.equal(401);
  });

  for (const [what, column, days] of [
    ['nobody refreshed in time', 'last_used_at', 31],
    ['are too old', 'created_at', 91],
  ] as const)
    it(`sweeps sessions that ${what}, with their tokens`, async () => {
      await auth.ctx.db.raw("update sessions set ?? = now() - ? * interval '1 day' where session_id = ?", [
        column,
        days,
        person.session_id,
      ]);
      await deleteExpired(auth.ctx);
      expect(await auth.ctx.db('sessions').where('session_id', person.session_id)).to.deep.equal([]);
      expect(await auth.ctx.db('refresh_tokens').where('session_id', person.session_id)).to.deep.equal([]);
    });

  it('any interleaving of clients with copies follows the rule', async () => {
    // Each step: a client uses its newest token or an older one; the response may get lost.
    const step = fc.record({ client: fc.nat(3), back: fc.nat(2), lost: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
        const p = await auth.register(`model${n++}`);
        const chain = [p.refresh_token];
        let current = 0;
        const known = Array.from({ length: 4 }, () => [p.refresh_token]);
        let over = false;
        for (const { client, back, lost } of steps) {
          const mine = known[client] as string[];
          const token = mine[Math.max(0, mine.length - 1 - back)] as string;
          const place = chain.indexOf(token);
          const good = !over && place >= current;
          if (!good) over = true;
          const answer = await refresh(auth.ctx, FROM, token).catch((error: { code: string }) => error.code);
          expect(typeof answer === 'string' ? answer : 'good').to.equal(good ? 'good' : 'AUTHENTICATION_ERROR');
          if (typeof answer === 'string') continue;
          current = place;
          chain[place + 1] ??= answer.refresh_token;
          expect(answer.refresh_token).to.equal(chain[place + 1]);
          if (!lost) mine.push(answer.refresh_token);
        }
        const sessions = await auth.ctx.db('sessions').where('user_id', p.id);
        expect(sessions.map(({ ended_at }: { ended_at: Date | null }) => ended_at !== null)).to.deep.equal([over]);
      }),
      { numRuns: 25 },
    );
  }).timeout(30_000);

  it('honest clients that share a store are never logged out, whatever responses get lost', async () => {
    // Honest clients store each response in one place; all use the token that they find there.
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 }),
        async (rounds) => {
          const p = await auth.register(`honest${n++}`);
          let stored = p.refresh_token;
          for (const losses of rounds) {
            const seen = stored;
            const answers = await Promise.all(losses.map((_, i) => refresh((i % 2 ? auth : other).ctx, FROM, seen)));
            answers.forEach(({ refresh_token }, i) => {
              if (!losses[i]) stored = refresh_token;
            });
          }
          const sessions = await auth.ctx.db('sessions').where('user_id', p.id);
          expect(sessions.map(({ ended_at }: { ended_at: Date | null }) => ended_at)).to.deep.equal([null]);
        },
      ),
      { numRuns: 15 },
    );
  }).timeout(30_000);

  it('concurrent clients with copies: one session, which ends exactly when one was refused', async () => {
    // In each round all clients at once use any token that was ever issued.
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
