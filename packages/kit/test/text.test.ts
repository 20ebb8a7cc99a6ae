import { expect } from 'chai';
import fc from 'fast-check';
import { cleanText, text } from '../src/text.ts';

describe('text for other people’s screens', () => {
  it('comes back exactly as sent when it holds no tag', () => {
    const same = [
      '1 < 2 && 3 > 2',
      '&lt;b&gt;',
      '😀 שלום',
      '</3',
      'a<b',
      'javascript:alert(1)',
      '  spaces \n kept\t',
      'x <- y',
      '<>',
      '< b>',
    ];
    for (const sent of same) expect(cleanText(sent)).to.equal(sent);
  });

  it('loses tags, comments and what would act unfinished', () => {
    const cases: [string, string][] = [
      ['<b>bold</b>', 'bold'],
      ['Map<string, number>', 'Map'],
      ['a<img src=x onerror=alert(1)>b', 'ab'],
      ['<a title=">" onclick=x>y</a>', 'y'],
      ['x<!-- hidden -->y', 'xy'],
      ['x<!-- open', 'x'],
      ['<img src=x onerror=alert(1) ', ''],
      ['hi <script', 'hi '],
      ['hi <b', 'hi <b'],
      ['<scr<script>ipt>alert(1)</script>', 'ipt>alert(1)'],
      ['<<b>script>', 'script>'],
      ['a\u0000b', 'ab'],
    ];
    for (const [sent, stored] of cases) expect([sent, cleanText(sent)]).to.deep.equal([sent, stored]);
  });

  it('holds no finished tag after cleaning, whatever was sent, and cleaning again changes nothing', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '/',
      'script',
      'img ',
      'onerror=',
      '"',
      "'",
      '<!--',
      '-->',
      ' ',
      'a',
      '=',
      '<b',
      '&lt;',
      '!',
      '?',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const cleaned = cleanText(pieces.join(''));
        expect(cleaned).not.to.match(/<\/?[a-zA-Z][^>]*>/);
        expect(cleaned)
          .not.to.match(/^[^<]*<script$/)
          .and.not.to.match(/<img [^>]*=/);
        expect(cleanText(cleaned)).to.equal(cleaned);
      }),
      { numRuns: 5000 },
    );
  });

  it('is counted in code points after cleaning', () => {
    const three = text({ min: 1, max: 3 });
    expect(three.validate('😀😀😀').error).to.equal(undefined);
    expect(three.validate('😀😀😀😀').error?.message).to.include('at most 3');
    expect(three.validate('<b></b>').error?.message).to.include('at least 1');
    expect(three.validate('<b>abc</b>').value).to.equal('abc');
  });

  it('refuses lone surrogates, and control and bidi characters in names', () => {
    expect(text({ max: 9 }).validate('\ud800').error?.message).to.include('Unicode');
    const name = text({ max: 9, singleLine: true });
    for (const bad of ['a\u202eb', 'a\nb', 'a\u0007', '\u2066x', '\ufeffx'])
      expect(name.validate(bad).error?.message, bad).to.include('direction');
    expect(name.validate('é 名').value).to.equal('é 名');
  });
});
