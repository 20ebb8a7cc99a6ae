import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { openWay } from '../src/give-way.ts';

describe('giving way', () => {
  it('lets one begin a turn, in their order, and begins anew after a pause', async () => {
    const way = openWay();
    for (let burst = 0; burst < 2; burst++) {
      const begun: number[] = [];
      for (let i = 0; i < 3; i++) void way().then(() => begun.push(i));
      expect(begun).to.deep.equal([]);
      for (const expected of [[0], [0, 1], [0, 1, 2], [0, 1, 2]]) {
        await turn();
        expect(begun).to.deep.equal(expected);
      }
    }
  });
});
