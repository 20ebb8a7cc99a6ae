import type { Pipes } from '@chatapi/kit';
import { expect } from 'chai';
import { openRevocationFeed } from '../src/revocation-feed.ts';
import { insertRevocation } from '../src/revocation-store.ts';
import { type Auth, openAuth } from './harness.ts';

describe('doors that wait for revocations', () => {
  let auth: Auth & { schema: string };
  let other: Auth;
  let last = 0;
  const revoke = async (by: Auth, subject: string): Promise<number> => {
    last = await by.ctx.db.transaction(async (trx) => (await insertRevocation(trx, { kind: 'session', subject })).seq);
    return last;
  };
  const ask = async (after: number, waitMs: number): Promise<{ subjects: string[]; ms: number }> => {
    const asked = performance.now();
    const { body } = await auth.inside('get', `/internal/revocations?after=${after}&wait_ms=${waitMs}`);
    const subjects = body.revocations.map(({ subject }: { subject: string }) => subject);
    return { subjects, ms: performance.now() - asked };
  };
  /** The real pipe, which waits for `gate` before it says what it heard. */
  const behind = (gate: () => Promise<unknown>): Pipes => ({
    async query<R>(statement: Parameters<Pipes['query']>[0]) {
      const found = await auth.ctx.reads.query<R>(statement);
      await gate();
      return found;
    },
    end: async () => undefined,
  });

  before(async () => {
    auth = await openAuth();
    other = await openAuth({}, auth.schema);
    await revoke(auth, 'first');
  });
  after(async () => {
    await other?.close();
    await auth?.close();
  });

  it('hear within half a second what another instance committed, each what came after its own place', async () => {
    const before = last;
    const waiting = [ask(before, 9000), ask(before - 1, 9000)];
    await new Promise((resolve) => setTimeout(resolve, 600));
    const committed = performance.now();
    await revoke(other, 'later');
    const [ahead, behind] = await Promise.all(waiting);
    expect(performance.now() - committed, 'ms').to.be.below(1500);
    expect(ahead?.subjects).to.deep.equal(['later']);
    // It had something to hear before, at the first look.
    expect(behind?.subjects).to.deep.equal(['first']);
    expect(behind?.ms, 'ms').to.be.below(1500);
  });

  it('hear nothing before their time is over, at the last look within it', async () => {
    const { subjects, ms } = await ask(last, 1400);
    expect(subjects).to.deep.equal([]);
    expect(ms, 'ms').to.be.within(850, 1450);
  });

  it('who does not wait is answered at once', async () => {
    expect((await ask(last, 0)).ms, 'ms').to.be.below(400);
    expect((await auth.inside('get', '/internal/revocations?wait_ms=60000')).status).to.equal(400);
  });

  it('one who comes while the table is looked at is not answered with what others asked for', async () => {
    const looking = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const reads = behind(() => {
      looking.resolve();
      return gate.promise;
    });
    const feed = openRevocationFeed(reads);
    const before = last;
    const seq = await revoke(auth, 'both');
    const newest = await revoke(auth, 'newest');
    const first = feed.after(seq, 5000);
    await looking.promise;
    const second = feed.after(before, 5000);
    gate.resolve();
    expect((await first).map((one) => one.seq)).to.deep.equal([newest]);
    expect((await second).map((one) => one.seq)).to.deep.equal([seq, newest]);
    await feed.close();
  });

  it('hear that the database is away, and the next one is served when it is back', async () => {
    let away = true;
    const feed = openRevocationFeed(behind(async () => away && Promise.reject(new Error('away'))));
    const failure = await feed.after(0, 5000).catch((error: Error) => error);
    expect(failure).to.be.instanceOf(Error).with.property('message', 'away');
    away = false;
    expect(await feed.after(0, 5000)).not.to.be.empty;
    await feed.close();
  });

  it('are let go when the instance stops, and who still comes does not wait', async () => {
    const feed = openRevocationFeed(auth.ctx.reads);
    const asked = performance.now();
    const waiting = feed.after(last, 10_000);
    feed.release();
    expect(await waiting).to.deep.equal([]);
    expect(await feed.after(last, 10_000)).to.deep.equal([]);
    expect(performance.now() - asked, 'ms').to.be.below(400);
    await feed.close();
  });
});
