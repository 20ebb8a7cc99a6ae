import type { PipelinedPool } from '@chatapi/kit/data';
import { expect } from 'chai';
import { createRevocationFeed } from '../src/revocation-feed.ts';
import { insertRevocations } from '../src/revocation-store.ts';
import { type Auth, openAuth } from './harness.ts';

describe('the long poll of revocations', () => {
  let auth: Auth & { schema: string };
  let other: Auth;
  let last = 0;
  const revoke = async (by: Auth, subject: string): Promise<number> => {
    const [made] = await by.ctx.db.transaction((trx) => insertRevocations(trx, [{ kind: 'session', subject }]));
    last = made?.seq ?? 0;
    return last;
  };
  const ask = async (after: number, waitMs: number): Promise<{ subjects: string[]; ms: number }> => {
    const asked = performance.now();
    const { body } = await auth.inside('get', `/internal/revocations?after=${after}&wait_ms=${waitMs}`);
    const subjects = body.revocations.map(({ subject }: { subject: string }) => subject);
    return { subjects, ms: performance.now() - asked };
  };
  /** The real pool, which waits for `gate` before it returns its rows. */
  const behind = (gate: () => Promise<unknown>): PipelinedPool => ({
    ...auth.ctx.reads,
    async query<R>(statement: Parameters<PipelinedPool['query']>[0]) {
      const found = await auth.ctx.reads.query<R>(statement);
      await gate();
      return found;
    },
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

  it('answers each caller with what another instance committed after the caller’s position', async () => {
    const before = last;
    const waiting = [ask(before, 9000), ask(before - 1, 9000)];
    await new Promise((resolve) => setTimeout(resolve, 600));
    await revoke(other, 'later');
    const [ahead, behind] = await Promise.all(waiting);
    expect(ahead?.subjects).to.deep.equal(['later']);
    // It got an answer at the first poll.
    expect(behind?.subjects).to.deep.equal(['first']);
  });

  it('answers without revocations at the last poll before the time is over', async () => {
    const { subjects, ms } = await ask(last, 1400);
    expect(subjects).to.deep.equal([]);
    expect(ms, 'ms').to.be.at.least(850);
  });

  it('answers at once without waiting time', async () => {
    expect((await ask(last, 0)).subjects).to.deep.equal([]);
    expect((await auth.inside('get', '/internal/revocations?wait_ms=60000')).status).to.equal(400);
  });

  it('does not answer a caller that arrives during a query with the rows of others', async () => {
    const looking = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const reads = behind(() => {
      looking.resolve();
      return gate.promise;
    });
    const feed = createRevocationFeed(reads);
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

  it('fails while the database is away, and works again when it is back', async () => {
    let away = true;
    const feed = createRevocationFeed(behind(async () => away && Promise.reject(new Error('away'))));
    const failure = await feed.after(0, 5000).catch((error: Error) => error);
    expect(failure).to.be.instanceOf(Error).with.property('message', 'away');
    away = false;
    expect(await feed.after(0, 5000)).not.to.be.empty;
    await feed.close();
  });

  it('releases all callers when the instance stops; later callers do not wait', async () => {
    const feed = createRevocationFeed(auth.ctx.reads);
    const waiting = feed.after(last, 60_000);
    feed.release();
    expect(await waiting).to.deep.equal([]);
    expect(await feed.after(last, 60_000)).to.deep.equal([]);
    await feed.close();
  });
});
