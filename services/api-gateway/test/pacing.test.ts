import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { createPacer } from '../src/login-pacing.ts';

describe('request pacing', () => {
  it('starts the first request at once and the others one by one in order, burst after burst', async () => {
    const pace = createPacer();
    for (let burst = 0; burst < 2; burst++) {
      const begun: [number, number][] = [];
      const began = performance.now();
      const all = [0, 1, 2, 3].map((i) => pace().then(() => void begun.push([i, performance.now() - began])));
      // No timer runs between these.
      for (let microtasks = 0; microtasks < 10; microtasks++) await null;
      expect(begun.map(([i]) => i)).to.deep.equal([0]);
      await Promise.all(all);
      expect(begun.map(([i]) => i)).to.deep.equal([0, 1, 2, 3]);
      expect(begun[3]?.[1], 'ms').to.be.at.least(15);
      await sleep(20);
    }
  });

  it('starts several requests at a time when many wait', async () => {
    const pace = createPacer();
    const began = performance.now();
    await Promise.all(Array.from({ length: 1000 }, pace));
    // One by one would take 6 s.
    expect(performance.now() - began, 'ms').to.be.below(6000);
  });
});
