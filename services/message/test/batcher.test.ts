import { expect } from 'chai';
import fc from 'fast-check';
import { openBatcher } from '../src/batcher.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const ok = (items: number[]): Promise<(string | Error | undefined)[]> => Promise.resolve(items.map((n) => `did ${n}`));

describe('the batcher', () => {
  it('takes what one turn brings in one commit, and what arrives meanwhile in the next, one at a time', async () => {
    const sizes: number[] = [];
    let inFlight = 0;
    const batcher = openBatcher<number, string>({
      callerOf: String,
      cap: 500,
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
    await pause(2);
    const second = [4, 5].map((n) => batcher.add(n));
    expect(await Promise.all([...first, ...second])).to.deep.equal([1, 2, 3, 4, 5].map((n) => `did ${n}`));
    expect(sizes).to.deep.equal([3, 2]);
    await batcher.idle();
  });

  it('never takes more than its cap', async () => {
    const sizes: number[] = [];
    const batcher = openBatcher<number, string>({
      callerOf: String,
      cap: 2,
      deadlineMs: 1000,
      commit: ok,
      onBatch: (size) => void sizes.push(size),
    });
    await Promise.all([1, 2, 3, 4, 5].map((n) => batcher.add(n)));
    expect(sizes).to.deep.equal([2, 2, 1]);
  });

  it('callers who come by turns are brought together: one commit for what each of them brings', async () => {
    const sizes: number[] = [];
    let inFlight = '';
    const batcher = openBatcher<string, string>({
      callerOf: (name) => name,
      cap: 500,
      deadlineMs: 1000,
      onBatch: (size) => void sizes.push(size),
      async commit(items) {
        inFlight = items.join();
        await pause(4);
        return items;
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
    // Without it 80 of four each. A machine that stands still for longer than a batch waits splits some.
    expect(sizes.filter((size) => size === 8)).to.have.length.greaterThan(25);
  });

  it('who comes alone waits for nobody, and what is many does not either', async () => {
    const waits: number[] = [];
    let added = 0;
    const batcher = openBatcher<string, string>({
      callerOf: (name) => name,
      cap: 500,
      deadlineMs: 1000,
      commit(items) {
        waits.push(performance.now() - added);
        return Promise.resolve(items);
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

  it('one item’s error is its own', async () => {
    const batcher = openBatcher<number, number>({
      callerOf: String,
      cap: 9,
      deadlineMs: 1000,
      commit: async (items) => items.map((n) => (n === 2 ? new Error('bad') : n)),
    });
    const outcomes = await Promise.allSettled([1, 2, 3].map((n) => batcher.add(n)));
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('a commit that hangs is given up at the deadline, with all that waited behind it, and the next one works', async () => {
    let hang = true;
    let aborted = false;
    const batcher = openBatcher<number, string>({
      callerOf: String,
      cap: 1,
      deadlineMs: 520,
      commit(items, signal) {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        return hang ? new Promise(() => undefined) : ok(items);
      },
    });
    const started = Date.now();
    const outcomes = await Promise.allSettled([batcher.add(1), batcher.add(2)]);
    expect(outcomes.map((o) => (o as PromiseRejectedResult).reason.code)).to.deep.equal([
      'SERVICE_UNAVAILABLE',
      'SERVICE_UNAVAILABLE',
    ]);
    expect(Date.now() - started).to.be.below(900);
    expect(aborted).to.equal(true);
    hang = false;
    expect(await batcher.add(3)).to.equal('did 3');
  });

  it('whatever fails or is put off, every item is answered once, in order of arrival', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('ok', 'bad', 'later', 'gap'), { maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        async (plan, cap) => {
          const putOff = new Set<number>();
          const done: number[] = [];
          const batcher = openBatcher<number, number>({
            callerOf: String,
            cap,
            deadlineMs: 5000,
            async commit(items) {
              return items.map((n) => {
                if (plan[n] === 'later' && !putOff.has(n)) return void putOff.add(n);
                done.push(n);
                return plan[n] === 'bad' ? new Error('bad') : n;
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
