import { expect } from 'chai';
import { mergePatch } from '../src/state/merge-patch.ts';

describe('a merge patch', () => {
  it('sets, merges and removes keys, whatever their names, and changes neither object', () => {
    const target = JSON.parse('{"a":1,"b":{"c":1,"d":2},"__proto__":{"e":1}}');
    const before = JSON.stringify(target);
    const patch = JSON.parse('{"a":null,"b":{"c":null,"f":[1]},"__proto__":{"g":2},"h":{"i":null}}');
    const merged = mergePatch(target, patch);
    expect(JSON.stringify(merged)).to.equal('{"b":{"d":2,"f":[1]},"__proto__":{"e":1,"g":2},"h":{}}');
    expect(Object.getPrototypeOf(merged)).to.equal(Object.prototype);
    expect(JSON.stringify(target)).to.equal(before);
  });
});
