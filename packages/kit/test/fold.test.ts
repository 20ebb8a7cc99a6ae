import { expect } from 'chai';
import fc from 'fast-check';
import { fold, foldWithOffsets, isVisible } from '../src/text/fold.ts';

/** In each line every text has the same fold. */
const SAME: Record<string, string[]> = {
  'case of Latin': ['straße', 'STRASSE', 'Straße', 'STRAẞE', 'ﬆraſſe'],
  'the Turkish i': ['istanbul', 'İSTANBUL', 'ıstanbul', 'ISTANBUL', 'İstanbul'],
  'Greek sigmas': ['οδος', 'ΟΔΟΣ', 'οδοσ', 'ὁδός', 'ΌΔΌΣ'],
  'the iota below': ['ᾳ', 'ᾼ', 'ΑΙ', 'αι'],
  Cherokee: ['ꮳꮃꭹ', 'ᏣᎳᎩ'],
  Georgian: ['თბილისი', 'ᲗᲑᲘᲚᲘᲡᲘ'],
  'Cyrillic accents': ['ёлка', 'елка', 'Ёлка', 'е\u0308лка'],
  'composed and decomposed accents': ['Crème brûlée', 'creme brulee', 'Cre\u0300me bru\u0302le\u0301e'],
  'letters with strokes and ligatures': ['Łódź Ørsted Æsir cœur đ ħ', 'lodz orsted aesir coeur d h'],
  'full width, circles, fractions': ['ＡＢＣ１２３', 'abc123', 'ⓐⓑⓒ①②③'],
  'ligatures of print': ['ﬁne oﬃce', 'fine office'],
  'half-width kana': ['ガギ', 'ｶﾞｷﾞ', 'カ\u3099キ\u3099'],
  'composed Hangul': ['한글', '\u1112\u1161\u11ab\u1100\u1173\u11af'],
  'Arabic vowel marks': ['كِتَاب', 'كتاب'],
  'Hebrew points': ['שָׁלוֹם', 'שלום'],
  apostrophes: ['don’t', "don't", 'donʼt', 'don‘t', 'don´t', 'don＇t', 'don′t'],
  'soft hyphen, zero width, joiners': ['word', 'wo\u00adrd', 'wo\u200brd', 'wo\u200drd', 'w\u2060ord', '\ufeffword'],
  'variation selectors and bidi marks': ['a❤', 'a❤\ufe0f', '\u200ea❤\u200f', '\u2066a❤\u2069'],
  'no-break spaces': ['a b', 'a\u00a0b', 'a\u3000b'],
};

/** Letters of their own, which no reader takes for one another. */
const DIFFERENT: [string, string][] = [
  ['か', 'が'],
  ['कि', 'की'],
  ['ก', 'กี'],
  ['a', 'b'],
  ["don't", 'dont'],
];

describe('the fold of texts that are compared', () => {
  for (const [what, texts] of Object.entries(SAME))
    it(`makes no difference of ${what}`, () => {
      const [first, ...others] = texts.map(fold);
      for (const [i, other] of others.entries()) expect(other, texts[i + 1]).to.equal(first);
    });

  it('keeps letters apart that are different ones', () => {
    for (const [a, b] of DIFFERENT) expect(fold(a), `${a} ${b}`).to.not.equal(fold(b));
  });

  it('is the same for every case and normal form of every character, and folding twice is once', () => {
    const faults: string[] = [];
    for (let code = 0; code < 0x30000; code++) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const char = String.fromCodePoint(code);
      const folded = fold(char);
      const forms = [folded, char.toLowerCase(), char.toUpperCase(), char.normalize('NFC'), char.normalize('NFD')];
      // Compatibility forms of the acute accent alone are a space and a mark.
      if (code !== 0xb4 && code !== 0x1ffd) forms.push(char.normalize('NFKC'), char.normalize('NFKD'));
      if (forms.some((form) => fold(form) !== folded)) faults.push(code.toString(16));
    }
    expect(faults).to.deep.equal([]);
  });

  it('tells where each character comes from', () => {
    const text = 'xẞ ｶﾞ漢\u200b字 e\u0301';
    const { text: folded, starts, ends } = foldWithOffsets(text);
    expect(folded).to.equal(fold(text));
    const from = (piece: string): string => {
      const at = folded.indexOf(piece);
      return text.slice(starts[at], ends[at + piece.length - 1]);
    };
    expect(['ss', 'ガ', '漢字', 'e'].map(from)).to.deep.equal(['ẞ', 'ｶﾞ', '漢\u200b字', 'e\u0301']);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (any) => {
        const found = foldWithOffsets(any);
        expect([found.starts.length, found.ends.length]).to.deep.equal([found.text.length, found.text.length]);
      }),
    );
  });
});

describe('a name', () => {
  it('that nobody can see is told from one that shows something', () => {
    const hidden =
      '\u3164 \uffa0 \u00a0 \u00ad \u200b \u200c \u2060 \u2062 \u2800 \u3000 \u180e \ufe0f \u{e0020} \u0301 \u115f \u{1d159} \t';
    for (const name of [...hidden.split(' '), '', ' ', '  \u200b\u0301 '])
      expect(isVisible(name), encodeURI(name)).to.equal(false);
    for (const name of ['a', '한', '.', '👍', 'é', '\u200ba', '1\ufe0f\u20e3', 'نام'])
      expect(isVisible(name), name).to.equal(true);
  });
});
