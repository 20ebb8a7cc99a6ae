import { expect } from 'chai';
import fc from 'fast-check';
import { compile, type FilteredWord, isFilterable } from '../src/word-filter/word-matcher.ts';

const mask = (...words: string[]): FilteredWord[] => words.map((word) => ({ word, action: 'mask' }));
const masked = (list: FilteredWord[], text: string): string => compile(list)(text).text;

describe('the word filter', () => {
  it('masks whole words, ignoring case, and changes nothing else', () => {
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

  it('makes no difference of accents, invisible characters and widths, also inside scripts without spaces', () => {
    expect(masked(mask('idiot'), 'ïdìôt İDIOT ｉｄｉｏｔ id\u200biot')).to.equal('***** ***** ***** ******');
    expect(masked(mask('坏话'), '说坏\u200b话了')).to.equal('说***了');
    expect(masked(mask('ガム'), 'xｶﾞﾑx')).to.equal('x***x');
    expect(masked(mask('개'), '개 조개')).to.equal('* 조개');
  });

  it('masks phrases with any characters between their words', () => {
    expect(masked(mask('very bad'), 'VERY  bad, very good bad')).to.equal('****  ***, very good bad');
    for (const text of ['Don’t', "don't", 'donʼt']) expect(masked(mask("don't"), text), text).to.equal('*****');
  });

  it('blocks a text with one blocked word among masked ones', () => {
    const judge = compile([...mask('dog'), { word: 'cat', action: 'block' }]);
    expect(judge('dog')).to.deep.equal({ text: '***', blocked: false });
    expect(judge('a dog and a CAT').blocked).to.equal(true);
    expect(judge('a dog and concatenation').blocked).to.equal(false);
  });

  it('accepts only words that can match a text', () => {
    expect(['a', 'c++', 'ñ', '七'].map(isFilterable)).to.deep.equal([true, true, true, true]);
    expect(['', ' ', '++', '🙂', '\u00ad'].map(isFilterable)).to.deep.equal([false, false, false, false, false]);
  });

  it('never changes a text without the words, nor the number of code points of any text', () => {
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
