import { expect } from 'chai';
import { createFrameBudget } from '../src/connections/frame-budget.ts';

const MINUTE = 60_000;
const MIB = 1024 * 1024;

/** The shared counters, as kit's rate limiter keeps them. */
function openShared() {
  const used = new Map<string, number>();
  const shared = {
    asked: 0,
    async take(key: string, limit: number, _window: number, cost = 1) {
      shared.asked++;
      const before = used.get(key) ?? 0;
      const allowed = before + cost <= limit;
      if (allowed) used.set(key, before + cost);
      return { allowed, limit, remaining: limit - (used.get(key) ?? 0), reset: 0, retry_after_s: 0 };
    },
  };
  return shared;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('frame budget', () => {
  it('is exact on one node, and renewed each minute', async () => {
    const budget = createFrameBudget(openShared(), 600);
    for (let minute = 1; minute < 4; minute++) {
      const at = minute * MINUTE;
      for (let i = 0; i < 600; i++) {
        expect(budget.take('ann', 10, at + i)).to.equal(0);
        if (i % 50 === 0) await settled();
      }
      expect(budget.take('ann', 10, at + 20_000)).to.equal(40_000);
      expect(budget.take('bob', 10, at + 20_000)).to.equal(0);
    }
  });

  it('is shared by all nodes, up to a tenth of the limit per node', async () => {
    const shared = openShared();
    const nodes = [1, 2, 3].map(() => createFrameBudget(shared, 600));
    let taken = 0;
    for (let i = 0; i < 3000; i++) {
      if (nodes[i % 3]?.take('ann', 10, MINUTE) === 0) taken++;
      await settled();
    }
    expect(taken).to.be.within(600, 600 + 3 * 60);
  });

  it('also limits bytes to 8 MiB', async () => {
    const budget = createFrameBudget(openShared(), 600);
    let taken = 0;
    while (budget.take('ann', 64 * 1024, MINUTE) === 0) {
      taken++;
      await settled();
    }
    expect(taken).to.equal((8 * MIB) / (64 * 1024));
  });

  it('calls Redis ten times for a whole budget, and not for a few frames', async () => {
    const shared = openShared();
    const budget = createFrameBudget(shared, 600);
    for (let i = 0; i < 59; i++) budget.take('bob', 10, MINUTE);
    expect(shared.asked).to.equal(0);
    for (let i = 0; i < 600; i++) budget.take('ann', 10, MINUTE);
    await settled();
    expect(shared.asked).to.equal(20); // frames and bytes
  });

  it('is off at 0', () => {
    const budget = createFrameBudget(openShared(), 0);
    for (let i = 0; i < 2000; i++) expect(budget.take('ann', MIB, MINUTE)).to.equal(0);
  });
});
