import { expect } from 'chai';
import fc from 'fast-check';
import { compile, type FilteredWord, isFilterable } from '../src/word-filter.ts';

const mask = (...words: string[]): FilteredWord[] => words.map((word) => ({ word, action: 'mask' }));
const masked = (list: FilteredWord[], text: string): string => compile(list)(text).text;

describe('the word filter', () => {
  it('masks whole words without regard to case and leaves the rest exactly as it was', () => {
    const list = mask('cat');
    expect(masked(list, 'Cat CAT cat, (cat)! concatenate cats cat5 <cat>')).to.equal(
      '*** *** ***, (***)! concatenate cats cat5 <***>',
    );
  });

  it('knows other alphabets, foldings, compositions and widths', () => {
    expect(masked(mask('straße'), 'STRASSE und Straße, Straßen')).to.equal('******* und ******, Straßen');
    expect(masked(mask('café'), 'cafe\u0301! CAFÉ')).to.equal('*****! ****');
    expect(masked(mask('οδός'), 'ΟΔΌΣ')).to.equal('****');
    expect(masked(mask('дурак'), 'Дурак! дураки')).to.equal('*****! дураки');
    expect(masked(mask('bad'), 'ｂａｄ b\u00adad')).to.equal('*** ****');
    expect(masked(mask('坏话'), '他说坏话了')).to.equal('他说**了');
  });

  it('masks phrases over whatever stands between their words', () => {
    expect(masked(mask('very bad'), 'VERY  bad, very good bad')).to.equal('****  ***, very good bad');
    expect(masked(mask("don't"), 'Don’t')).to.equal('*****');
  });

  it('blocks a text that holds one blocked word among masked ones', () => {
    const judge = compile([...mask('dog'), { word: 'cat', action: 'block' }]);
    expect(judge('dog')).to.deep.equal({ text: '***', blocked: false });
    expect(judge('a dog and a CAT').blocked).to.equal(true);
    expect(judge('a dog and concatenation').blocked).to.equal(false);
  });

  it('takes only what can be found in a text', () => {
    expect(['a', 'c++', 'ñ', '七'].map(isFilterable)).to.deep.equal([true, true, true, true]);
    expect(['', ' ', '++', '🙂', '\u00ad'].map(isFilterable)).to.deep.equal([false, false, false, false, false]);
  });

  it('changes nothing in any text without the words, and never its length in code points', () => {
    const judge = compile(mask('cat', 'dog cat', '猫'));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { text: out } = judge(text);
        expect([...out].length).to.equal([...text].length);
        if (!/c\s*a\s*t|猫|ｃ|c\p{Cf}/iu.test(text.normalize('NFKC'))) expect(out).to.equal(text);
      }),
    );
  });
});
