import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { openWay } from '../src/give-way.ts';

describe('giving way', () => {
  it('lets the first pass at once, the others one after the other in their order, and the next burst alike', async () => {
    const way = openWay();
    for (let burst = 0; burst < 2; burst++) {
      const begun: [number, number][] = [];
      const began = performance.now();
      const all = [0, 1, 2, 3].map((i) => way().then(() => void begun.push([i, performance.now() - began])));
      await turn();
      expect(begun.map(([i]) => i)).to.deep.equal([0]);
      await Promise.all(all);
      expect(begun.map(([i]) => i)).to.deep.equal([0, 1, 2, 3]);
      expect(begun[3]?.[1], 'ms').to.be.at.least(15);
      await sleep(20);
    }
  });

  it('of many more it lets several begin at a time', async () => {
    const way = openWay();
    const began = performance.now();
    await Promise.all(Array.from({ length: 1000 }, way));
    expect(performance.now() - began, 'ms; one by one would be 6 s').to.be.below(3000);
  });
});
