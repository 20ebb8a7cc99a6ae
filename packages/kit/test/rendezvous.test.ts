import { expect } from 'chai';
import { instanceFor } from '../src/rpc/rendezvous.ts';

describe('rendezvous hashing', () => {
  const keys = Array.from({ length: 6000 }, (_, i) => `room_${i}`);
  const all = Array.from({ length: 6 }, (_, i) => `http://10.0.0.${i + 1}:9003`);

  it('spreads rooms within 20 % of even, and moves only those of a removed instance', () => {
    const before = keys.map((key) => instanceFor(key, all));
    for (const instance of all) expect(before.filter((at) => at === instance).length).to.be.within(800, 1200);
    const left = all.slice(0, 5);
    const after = keys.map((key) => instanceFor(key, left));
    for (const [i, at] of before.entries()) if (at !== all[5]) expect(after[i]).to.equal(at);
  });

  it('does not depend on the order of the list, and has no instance for an empty one', () => {
    const reversed = all.toReversed();
    for (const key of keys.slice(0, 100)) expect(instanceFor(key, reversed)).to.equal(instanceFor(key, all));
    expect(instanceFor('room', [])).to.equal(undefined);
  });
});
