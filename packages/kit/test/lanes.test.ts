import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { createLanes } from '../src/rpc/lanes.ts';
import { eventually } from '../src/testing/eventually.ts';

interface Item {
  key: string;
  n: number;
}

describe('lanes', () => {
  it('keep the order of each key and lose nothing while instances come and go', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const step = fc.record({
      list: fc.option(fc.subarray(names), { freq: 3 }),
      keys: fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 8 }),
      pause: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer(), async (steps, seed) => {
        let list: readonly string[] = ['a', 'b'];
        let random = seed >>> 0;
        const pause = (): number => {
          random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
          return (random >>> 24) % 4;
        };
        const done: Item[] = [];
        const inFlight = new Set<string>();
        const lanes = createLanes<Item>({
          instances: () => list,
          keyOf: ({ key }) => key,
          bytesOf: () => 1,
          async send(home, batch) {
            expect(inFlight.has(home)).to.equal(false);
            inFlight.add(home);
            await sleep(pause());
            done.push(...batch);
            inFlight.delete(home);
          },
        });
        const pushed: Item[] = [];
        for (const { list: next, keys, pause: ms } of steps) {
          if (next !== null) list = next;
          for (const key of keys) {
            const item = { key: `k${key}`, n: pushed.length };
            pushed.push(item);
            lanes.push(item);
          }
          if (ms > 0) await sleep(ms);
        }
        await eventually(() => expect(lanes.busy()).to.equal(false));
        const byKey = (items: Item[]) => Object.groupBy(items, ({ key }) => key);
        expect(byKey(done)).to.deep.equal(byKey(pushed));
      }),
      { numRuns: 60 },
    );
  }).timeout(60_000);

  it('a key that stays at its instance does not wait for those that move', async () => {
    let list: readonly string[] = ['a'];
    const gate = Promise.withResolvers<void>();
    const done: string[] = [];
    const lanes = createLanes<string>({
      instances: () => list,
      keyOf: (key) => key,
      bytesOf: () => 1,
      async send(home, batch) {
        if (done.length === 0 && home === 'a') await gate.promise;
        done.push(...batch.map((key) => `${home} ${key}`));
      },
    });
    lanes.push('x');
    await sleep(20);
    list = ['b'];
    lanes.push('y');
    await sleep(20);
    expect(done).to.deep.equal([]);
    gate.resolve();
    await eventually(() => expect(done).to.deep.equal(['a x', 'b y']));
  });
});
