import { expect } from 'chai';
import fc from 'fast-check';
import { checkedCustom, customFault, customPatch, mergePatch, newCustom } from '../src/custom.ts';
import { parse } from '../src/input.ts';

const nested = (levels: number): Record<string, unknown> => (levels === 1 ? {} : { a: nested(levels - 1) });

describe('custom', () => {
  it('takes 4 KiB as JSON and 5 levels, and no more', () => {
    const bytes = (size: number) => ({ a: 'é'.repeat((size - 8) / 2) });
    expect(Buffer.byteLength(JSON.stringify(bytes(4096)))).to.equal(4096);
    expect(customFault(bytes(4096))).to.equal(undefined);
    expect(customFault(bytes(4098))).to.equal('must have at most 4096 bytes as JSON');
    expect(customFault(nested(5))).to.equal(undefined);
    expect(customFault(nested(6))).to.equal('must have at most 5 levels');
    expect(customFault({ a: [[[[1]]]] })).to.equal(undefined);
    expect(customFault({ a: [[[[[]]]]] })).to.equal('must have at most 5 levels');
  });

  it('refuses what PostgreSQL or JSON can’t hold', () => {
    for (const value of [
      { a: '\ud800' },
      { '\ud800': 1 },
      { a: ['\0'] },
      { 'a\0': 1 },
      { a: Number.POSITIVE_INFINITY },
    ])
      expect(customFault(value), JSON.stringify(value)).to.be.a('string');
    expect(customFault({ a: [null, true, 1.5, '😀', { b: '' }] })).to.equal(undefined);
  });

  it('names the field, and does not follow a depth that would end the process', () => {
    const schema = customPatch();
    for (const value of ['x', 1, [], null]) expect(() => parse(schema, value, 'json')).to.throw(/object/);
    const deep = JSON.parse(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`);
    expect(() => parse(schema, deep, 'json')).to.throw(/at most 5 levels/);
    expect(parse(schema, { a: { b: null } }, 'json')).to.deep.equal({ a: { b: null } });
  });

  it('is refused when what was put together is too much, by the name of the field', () => {
    expect(checkedCustom(nested(5))).to.deep.equal(nested(5));
    expect(() => checkedCustom(nested(6))).to.throw('custom must have at most 5 levels');
  });

  it('of a new thing keeps null, and everything else, in its order', () => {
    const value = { b: null, a: { d: [null], c: 1 } };
    for (const reading of ['json', 'peer'] as const)
      expect(JSON.stringify(parse(newCustom(), value, reading))).to.equal(JSON.stringify(value));
  });

  it('is changed as RFC 7396 has it', () => {
    const cases: [unknown, Record<string, unknown>, unknown][] = [
      [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
      [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
      [{ a: 'b' }, { a: null }, {}],
      [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
      [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
      [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
      [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
      [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
      [{ e: null }, { a: 1 }, { e: null, a: 1 }],
      [[1, 2], { a: 'b', c: null }, { a: 'b' }],
      [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    ];
    for (const [target, patch, result] of cases) expect(mergePatch(target, patch)).to.deep.equal(result);
  });

  it('a patch done twice is a patch done once, and neither argument changes', () => {
    const json = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(json, json, (target, patch) => {
        const before = JSON.stringify([target, patch]);
        const once = mergePatch(target, patch as Record<string, unknown>);
        expect(mergePatch(once, patch as Record<string, unknown>)).to.deep.equal(once);
        expect(JSON.stringify([target, patch])).to.equal(before);
      }),
    );
  });
});
