import { expect } from 'chai';
import { growths, shown } from '../src/memory.ts';

const of = (held: number, kind = 'typescript') => ({ kind, held, resident: 200 });

describe('the memory of apps', () => {
  it('may grow by a quarter and 4 MiB', () => {
    expect(growths([of(20), of(40)], [of(29), of(54)])).to.deep.equal([]);
  });

  it('is a fault when it grows by more', () => {
    expect(growths([of(20, 'a'), of(40, 'b')], [of(29.1, 'a'), of(54, 'b')])).to.deep.equal([
      'memory: a held 20.0 MiB at 10 % and 29.1 at the end',
    ]);
  });

  it('is listed by process', () => {
    expect(shown([of(20.04, 'a'), of(41.5, 'b')])).to.equal('a 20.0 of 200, b 41.5 of 200');
  });
});
