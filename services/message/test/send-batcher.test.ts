import { expect } from 'chai';
import fc from 'fast-check';
import { type Outcome, RETRY } from '../src/sending/outcome.ts';
import { createBatcher } from '../src/sending/send-batcher.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const sent = <R>(result: R): Outcome<R> => ({ kind: 'sent', result });
const refused = { kind: 'refused', error: new Error('bad') } as const;
const ok = (items: number[]): Promise<Outcome<string>[]> => Promise.resolve(items.map((n) => sent(`did ${n}`)));

describe('send batcher', () => {
  it('sends of one event-loop turn share a commit; later ones wait for the next, one commit at a time', async () => {
    const sizes: number[] = [];
    let inFlight = 0;
    const batcher = createBatcher<number, string>({
      callerOf: String,
      maxItems: 500,
      deadlineMs: 1000,
      async commit(items) {
        expect(++inFlight).to.equal(1);
        sizes.push(items.length);
        await pause(5);
        inFlight--;
        return await ok(items);
      },
    });
    const first = [1, 2, 3].map((n) => batcher.add(n));
    while (inFlight === 0) await pause(1);
    const second = [4, 5].map((n) => batcher.add(n));
    expect(await Promise.all([...first, ...second])).to.deep.equal([1, 2, 3, 4, 5].map((n) => `did ${n}`));
    expect(sizes).to.deep.equal([3, 2]);
    await batcher.idle();
  });

  it('a failed batch is counted with all sends that failed with it', async () => {
    const failures: number[] = [];
    const batcher = createBatcher<number, string>({
      callerOf: String,
      maxItems: 2,
      deadlineMs: 1000,
      commit: () => Promise.reject(new Error('PostgreSQL is away')),
      onBatch: () => failures.push(-1),
      onFailure: (items) => failures.push(items),
    });
    const sends = [1, 2, 3, 4, 5].map((n) => batcher.add(n));
    expect((await Promise.allSettled(sends)).every(({ status }) => status === 'rejected')).to.equal(true);
    expect(failures).to.deep.equal([5]);
  });

  it('a batch never exceeds the cap', async () => {
    const sizes: number[] = [];
    const batcher = createBatcher<number, string>({
      callerOf: String,
      maxItems: 2,
      deadlineMs: 1000,
      commit: ok,
      onBatch: (size) => void sizes.push(size),
    });
    await Promise.all([1, 2, 3, 4, 5].map((n) => batcher.add(n)));
    expect(sizes).to.deep.equal([2, 2, 1]);
  });

  it('callers who alternate are batched together, one commit for all of them', async () => {
    const sizes: number[] = [];
    let inFlight = '';
    const batcher = createBatcher<string, string>({
      callerOf: (name) => name,
      maxItems: 500,
      deadlineMs: 1000,
      onBatch: (size) => void sizes.push(size),
      async commit(items) {
        inFlight = items.join();
        await pause(4);
        return items.map(sent);
      },
    });
    const speak = async (name: string): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        await Promise.all([1, 2, 3, 4].map(() => batcher.add(name)));
        await pause(1);
      }
    };
    const one = speak('one');
    while (!inFlight.includes('one')) await pause(1);
    await Promise.all([one, speak('two')]);
    // Without the wait: 80 of four each. A pause of the machine longer than the wait splits some.
    expect(sizes.filter((size) => size === 8)).to.have.length.greaterThan(25);
  });

  it('a single caller does not wait, nor does a large batch', async () => {
    const waits: number[] = [];
    let added = 0;
    const batcher = createBatcher<string, string>({
      callerOf: (name) => name,
      maxItems: 500,
      deadlineMs: 1000,
      commit(items) {
        waits.push(performance.now() - added);
        return Promise.resolve(items.map(sent));
      },
    });
    const add = async (names: string[]): Promise<void> => {
      added = performance.now();
      await Promise.all(names.map((name) => batcher.add(name)));
    };
    for (let i = 0; i < 30; i++) await add(['one']);
    for (let i = 0; i < 30; i++) await add(Array.from({ length: 40 }, () => (i % 2 ? 'two' : 'three')));
    expect(waits.filter((ms) => ms < 2)).to.have.length.greaterThan(50);
  });

  it('an error rejects only its own item', async () => {
    const batcher = createBatcher<number, number>({
      callerOf: String,
      maxItems: 9,
      deadlineMs: 1000,
      commit: async (items) => items.map((n) => (n === 2 ? refused : sent(n))),
    });
    const outcomes = await Promise.allSettled([1, 2, 3].map((n) => batcher.add(n)));
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('a commit that hangs fails at the deadline with all waiting items, and the next one succeeds', async () => {
    let hang = true;
    let aborted = false;
    const batcher = createBatcher<number, string>({
      callerOf: String,
      maxItems: 1,
      deadlineMs: 520,
      commit(items, signal) {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        return hang ? new Promise(() => undefined) : ok(items);
      },
    });
    const outcomes = await Promise.allSettled([batcher.add(1), batcher.add(2)]);
    expect(outcomes.map((o) => (o as PromiseRejectedResult).reason.code)).to.deep.equal([
      'SERVICE_UNAVAILABLE',
      'SERVICE_UNAVAILABLE',
    ]);
    expect(aborted).to.equal(true);
    hang = false;
    expect(await batcher.add(3)).to.equal('did 3');
  });

  it('with any failures and retries, every item is settled once, in order of arrival', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('ok', 'bad', 'later', 'gap'), { maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        async (plan, maxItems) => {
          const putOff = new Set<number>();
          const done: number[] = [];
          const batcher = createBatcher<number, number>({
            callerOf: String,
            maxItems,
            deadlineMs: 5000,
            async commit(items) {
              return items.map((n) => {
                if (plan[n] === 'later' && !putOff.has(n)) {
                  putOff.add(n);
                  return RETRY;
                }
                done.push(n);
                return plan[n] === 'bad' ? refused : sent(n);
              });
            },
          });
          const asked: Promise<unknown>[] = [];
          for (const [n, kind] of plan.entries()) {
            asked.push(batcher.add(n).catch((e: Error) => e.message));
            if (kind === 'gap') await new Promise((resolve) => setImmediate(resolve));
          }
          const answers = await Promise.all(asked);
          expect(answers).to.deep.equal(plan.map((kind, n) => (kind === 'bad' ? 'bad' : n)));
          const straight = done.filter((n) => plan[n] !== 'later');
          expect(straight).to.deep.equal([...straight].sort((a, b) => a - b));
        },
      ),
      { numRuns: 60 },
    );
  });
});
