import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { createRevocationSet, type RevocationRecord } from '../src/auth/revocations.ts';
import type { AccessClaims } from '../src/auth/verify-access-token.ts';
import type { AppError } from '../src/errors.ts';
import { createLog } from '../src/log.ts';
import { eventually } from '../src/testing/eventually.ts';

const log = createLog('test', 'test', 'silent');
const T = Date.now();
const at = (ms: number): string => new Date(T + ms).toISOString();
const claims = (issued: number, more: Partial<AccessClaims> = {}): AccessClaims => ({
  user_id: 'u',
  session_id: 's',
  role: 'user',
  issued_at: T + issued,
  expires_at: T + 1e6,
  ...more,
});
const outcome = (work: () => unknown): string => {
  try {
    return JSON.stringify(work());
  } catch (error) {
    return (error as AppError).code;
  }
};
const open = async (records: RevocationRecord[]) => {
  const set = createRevocationSet({ fetchAfter: async (seq) => records.filter((r) => r.seq > seq).slice(0, 2), log });
  await set.start();
  set.close();
  return set;
};
/** All in one page. */
const openPage = async (page: RevocationRecord[]) => {
  const set = createRevocationSet({ fetchAfter: async (seq) => (seq === 0 ? page : []), log });
  await set.start();
  set.close();
  return set;
};
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('the age of revocations', () => {
  it('grows while auth does not answer, and begins again with its answer', async () => {
    const clock = mock.method(performance, 'now', () => 1000);
    let away = true;
    const fetchAfter = async (): Promise<RevocationRecord[]> => {
      if (away) throw new Error('auth is away');
      return [];
    };
    try {
      const set = createRevocationSet({ fetchAfter, log });
      clock.mock.mockImplementation(() => 61_000);
      await set.start();
      set.close();
      expect(set.ageSeconds()).to.equal(60);
      away = false;
      const other = createRevocationSet({ fetchAfter, log });
      clock.mock.mockImplementation(() => 91_000);
      await other.start();
      other.close();
      expect([set.ageSeconds(), other.ageSeconds()]).to.deep.equal([90, 0]);
    } finally {
      clock.mock.restore();
    }
  });
});

describe('the revocations that a gateway knows', () => {
  it('end a session, whenever its token was issued, and no other', async () => {
    const set = await open([{ seq: 1, kind: 'session', subject: 's', at: at(0) }]);
    expect(outcome(() => set.admit(claims(99)))).to.equal('AUTHENTICATION_ERROR');
    expect(set.admit(claims(-99, { session_id: 's2' })).session_id).to.equal('s2');
  });

  it('end all earlier sessions of a user except the excepted one', async () => {
    const set = await open([{ seq: 1, kind: 'user', subject: 'u', at: at(0), except: 'stays' }]);
    expect(outcome(() => set.admit(claims(-1)))).to.equal('AUTHENTICATION_ERROR');
    expect(set.admit(claims(-1, { session_id: 'stays' })).user_id).to.equal('u');
    expect(set.admit(claims(0)).user_id).to.equal('u');
  });

  it('ban a user until the unban, which restores no old session', async () => {
    const ban: RevocationRecord = { seq: 1, kind: 'ban', subject: 'u', at: at(0) };
    const banned = await open([ban]);
    for (const issued of [-1, 5]) expect(outcome(() => banned.admit(claims(issued)))).to.equal('AUTHORIZATION_ERROR');
    const free = await open([ban, { seq: 2, kind: 'unban', subject: 'u', at: at(10) }]);
    expect(outcome(() => free.admit(claims(-1)))).to.equal('AUTHENTICATION_ERROR');
    expect(free.admit(claims(11)).user_id).to.equal('u');
  });

  it('give old tokens the newest role', async () => {
    const set = await open([
      { seq: 1, kind: 'role', subject: 'u', at: at(0), role: 'admin' },
      { seq: 2, kind: 'role', subject: 'u', at: at(10), role: 'moderator' },
    ]);
    expect(set.admit(claims(-1)).role).to.equal('moderator');
    expect(set.admit(claims(20, { role: 'admin' })).role).to.equal('admin');
  });

  it('admit nobody before the first successful poll', () => {
    const set = createRevocationSet({ fetchAfter: async () => [], log });
    expect(outcome(() => set.admit(claims(0)))).to.equal('SERVICE_UNAVAILABLE');
    expect(() => set.requireLoaded())
      .to.throw()
      .with.property('code', 'SERVICE_UNAVAILABLE');
  });

  it('are asked for at once when a signal comes, while the long poll still waits, and reported once each', async () => {
    const told: number[] = [];
    const records: RevocationRecord[] = [];
    const set = createRevocationSet({
      fetchAfter: async (seq, waitMs) => {
        if (waitMs > 0) await wait(2000);
        return records.filter((r) => r.seq > seq);
      },
      onRevoked: ({ seq }) => void told.push(seq),
      log,
    });
    await set.start();
    records.push(
      { seq: 6, kind: 'session', subject: 's6', at: at(0) },
      { seq: 7, kind: 'session', subject: 's', at: at(0) },
    );
    set.lookNow();
    await eventually(() => told.length === 2, 1900);
    expect(outcome(() => set.admit(claims(0)))).to.equal('AUTHENTICATION_ERROR');
    await wait(2200);
    set.close();
    expect(told).to.deep.equal([6, 7]);
  });

  it('are asked for at most 200 times a second, however many signals come', async () => {
    let asked = 0;
    const fetchAfter = async (_seq: number, waitMs: number): Promise<RevocationRecord[]> => {
      if (waitMs > 0) await wait(10_000);
      else asked++;
      return [];
    };
    const set = createRevocationSet({ fetchAfter, log });
    await set.start();
    asked = 0;
    const began = performance.now();
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 100; j++) set.lookNow();
      await wait(2);
    }
    set.close();
    expect(asked).to.be.within(1, (performance.now() - began) / 5 + 2);
  });

  it('are not asked for by a signal before they are loaded, nor after the end', async () => {
    let looks = 0;
    const fetchAfter = async (_seq: number, waitMs: number): Promise<RevocationRecord[]> => {
      if (waitMs === 0) looks++;
      return [];
    };
    const set = createRevocationSet({ fetchAfter, log });
    set.lookNow();
    expect(looks).to.equal(0);
    await set.start();
    set.close();
    looks = 0;
    set.lookNow();
    expect(looks).to.equal(0);
  });

  it('stay in force while auth is unavailable, and are polled again when it is back', async () => {
    let away = false;
    const records: RevocationRecord[] = [{ seq: 1, kind: 'session', subject: 's', at: at(0) }];
    const fetchAfter = async (seq: number): Promise<RevocationRecord[]> => {
      if (away) throw new Error('away');
      return records.filter((r) => r.seq > seq);
    };
    const set = createRevocationSet({ fetchAfter, log });
    await set.start();
    away = true;
    records.push({ seq: 2, kind: 'session', subject: 's2', at: at(0) });
    await wait(600);
    expect(outcome(() => set.admit(claims(0)))).to.equal('AUTHENTICATION_ERROR');
    expect(set.admit(claims(0, { session_id: 's2' })).user_id).to.equal('u');
    away = false;
    await wait(600);
    set.close();
    expect(outcome(() => set.admit(claims(0, { session_id: 's2' })))).to.equal('AUTHENTICATION_ERROR');
  });

  it('are dropped once no token can be affected by them', async () => {
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: T });
    try {
      const day = 24 * 3_600_000;
      const fresh = { seq: 2, kind: 'session', subject: 's2', at: at(day) } as const;
      const records: RevocationRecord[] = [{ seq: 1, kind: 'session', subject: 's', at: at(0) }, fresh];
      const set = createRevocationSet({ fetchAfter: async (seq) => records.filter((r) => r.seq > seq), log });
      await set.start();
      expect(outcome(() => set.admit(claims(0)))).to.equal('AUTHENTICATION_ERROR');
      mock.timers.setTime(T + day + 2 * 3_600_000);
      for (let i = 0; i < 130; i++) {
        mock.timers.tick(500);
        await turn();
      }
      set.close();
      expect(set.admit(claims(0)).session_id).to.equal('s');
      expect(outcome(() => set.admit(claims(0, { session_id: 's2' })))).to.equal('AUTHENTICATION_ERROR');
    } finally {
      mock.timers.reset();
    }
  });

  it('have the same effect in any order and with any duplicates', async () => {
    const kinds = fc.constantFrom('user', 'ban', 'unban', 'role', 'session') as fc.Arbitrary<RevocationRecord['kind']>;
    const made = fc.array(kinds, { minLength: 1, maxLength: 8 }).map((list) =>
      list.map(
        (kind, i): RevocationRecord => ({
          seq: i + 1,
          kind,
          subject: kind === 'session' ? 's' : 'u',
          at: at(i * 10),
          role: i % 2 ? 'admin' : 'user',
        }),
      ),
    );
    const shuffled = made.chain((records) =>
      fc.tuple(fc.constant(records), fc.shuffledSubarray([...records, ...records], { minLength: records.length * 2 })),
    );
    await fc.assert(
      fc.asyncProperty(shuffled, fc.integer({ min: -5, max: 90 }), async ([records, shuffled], issued) => {
        const [truth, heard] = [await open(records), await openPage(shuffled)];
        for (const session_id of ['s', 'other']) {
          const token = claims(issued, { session_id });
          expect(outcome(() => heard.admit(token))).to.equal(outcome(() => truth.admit(token)));
        }
      }),
      { numRuns: 200 },
    );
  });
});
