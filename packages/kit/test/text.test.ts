import { expect } from 'chai';
import { characters, cleanText, text } from '../src/index.ts';
import { jsonSchema } from '../src/json-schema.ts';

const cleansTo = (cases: [sent: string, stored: string][]): void => {
  for (const [sent, stored] of cases) expect([sent, cleanText(sent)]).to.deep.equal([sent, stored]);
};

describe('text that other users see', () => {
  it('comes back exactly as sent when nothing in it acts', () => {
    const same = [
      'Map<string, number>',
      'a<b && c>d',
      'std::vector<std::pair<int, int>> v; Map<String,List<Integer>>',
      '#include <stdio.h>',
      '#include <map>',
      '<user@example.org>',
      '<https://example.org/src/online/hidden.c?a=b>',
      'List<String> xs = new ArrayList<>();',
      'List<A>, List<Object>, Promise<Link>, Ref<Form>, Vec<Embed>, Set<Base>, Option<Meta>, T<Frame>',
      'std::vector<int> v;',
      '<b>really</b>',
      '<p>one<br>two<br/></p><hr>',
      '<table><tr><td colspan=2>x</td></tr></table>',
      '<Foo bar="x" class="y" id={z} />',
      'cat <in >out',
      '<!-- note -->',
      '<!-- <script>alert(1)</script> --> <!--> <!---> <!-- a --!>',
      '<!DOCTYPE html> <?php echo 1 ?> <![CDATA[x]]> </ x> </>',
      'if a <b and then',
      'for (i = 0; i <n; i++)',
      'a <b on c only d > e, once <i one',
      'x <y && data > cite',
      '<b class="" id=\'\' name>empty</b>',
      '1 < 2 && 3 > 2',
      '&lt;b&gt;',
      '😀 שלום',
      '</3',
      'a<b',
      'javascript:alert(1)',
      '  spaces \n kept\t\r\n',
      'x <- y <= z <> w <<< v <!x <?y',
      '< b>',
      '<Build target="es2022" />',
      '<base target> <base target="">',
    ];
    for (const sent of same) expect(cleanText(sent)).to.equal(sent);
  });

  it('loses active elements and their end tags', () => {
    cleansTo([
      ['<script>alert(1)</script>', 'alert(1)'],
      ['<SCRIPT/x>y</Script >', 'y'],
      ['<scr\u0000ipt>y</scr\u0000ipt>', 'y'],
      ['a<svg><circle/></svg>b', 'a<circle/>b'],
      ['<math\n>x</math\n>', 'x'],
      ['<textarea>x', 'x'],
      ['hi <script', 'hi '],
      ['hi </script', 'hi '],
      ['<plaintext>x', 'x'],
    ]);
  });

  it('loses tags with an active attribute, however it is written, and their end tags', () => {
    cleansTo([
      ['a<img src=x onerror=alert(1)>b', 'ab'],
      ['<img/src=x/onerror=alert(1)>', ''],
      ['<a title=">" onclick=x>y</a>', 'y'],
      ["<a title='>' HREF = 'javascript:x'>y</a>", 'y'],
      ['<b title="x"onclick=y>z</b>', 'z'],
      ['<b =onclick onclick\n=\ny>z</b>', 'z'],
      ['<b><b style=x>in</b>out</b>', '<b>inout</b>'],
      ['<b hidden>x</b><p contenteditable>y</p><input autofocus>', 'xy'],
      ['<div class=x>a</div><div id="x">b</div><form name=x>c</form>', 'abc'],
      ['<x onclick=y>z</x>', 'z'],
      ['<object data=x></object><embed src=x><base href=/x><link href=x>', ''],
      ['<meta http-equiv=refresh content=0>', ''],
      ['<base target=x><BASE\nTARGET="_blank">', ''],
      ['<form action=/x><button formaction=/y>z</button></form>', 'z'],
      ['<table background=x><tr><td>y</td></tr></table>', '<tr><td>y</td></tr>'],
      ['<img src=x onerror=alert(1) ', ''],
    ]);
  });

  it('loses markup that would swallow the rest of a page', () => {
    cleansTo([
      ['x<!-- open', 'x open'],
      ['x<!-- open <b>y</b> <!-- more', 'x open <b>y</b>  more'],
      ['x<b title="open>y', 'xy'],
      ['x<b title="a>b" lang=\'open>y', 'xy'],
      ['x<b title="open', 'x'],
      ['x<b title=', 'x'],
    ]);
  });

  it('does not form a tag from the text around a removed tag', () => {
    cleansTo([
      ['<scr<script>ipt>alert(1)</script>', 'ipt>alert(1)'],
      ['<<b onclick=x>script>', 'script>'],
      ['<<<b onclick=x><i style=y>/script>', '/script>'],
      ['<<!--!-- x', '!-- x'],
      ['1 <<b onclick=x> 2', '1 < 2'],
    ]);
  });

  it('is counted in code points: as sent for the maximum, as cleaned for the minimum', () => {
    const three = text({ min: 1, max: 3 });
    expect(three.validate('😀😀😀').error).to.equal(undefined);
    for (const long of ['abcd', '😀😀😀😀', 'abcdefg', '<b onclick=x>abc</b>', 'x'.repeat(100)]) {
      const { error } = three.validate(long, { abortEarly: false });
      expect(error?.message, long).to.equal('"value" must have at most 3 characters');
    }
    for (const empty of ['\u0000', '\u0007\u007f'])
      expect(three.validate(empty).error?.message).to.include('at least 1');
    expect(text({ min: 1, max: 20 }).validate('<script></script>').error?.message).to.include('at least 1');
    expect(text({ max: 20 }).validate('<script>abc</script>').value).to.equal('abc');
  });

  it('is documented with its limit, in code points', () => {
    expect(jsonSchema(text({ min: 1, max: 3 }))).to.include({ type: 'string', maxLength: 3, minLength: 1 });
    expect(jsonSchema(text({ max: 4000 }))).to.include({ maxLength: 4000 });
    expect(jsonSchema(characters(64).description('x'))).to.include({ maxLength: 64, description: 'x' });
  });

  it('refuses lone surrogates, and control and bidi characters in names', () => {
    expect(text({ max: 9 }).validate('\ud800').error?.message).to.include('Unicode');
    const name = text({ max: 9, singleLine: true });
    for (const bad of ['a\u202eb', 'a\nb', 'a\u0007', '\u2066x', '\ufeffx'])
      expect(name.validate(bad).error?.message, bad).to.include('direction');
    expect(name.validate('é 名').value).to.equal('é 名');
  });

  it('refuses names that nobody can see; the empty one passes unless a minimum is set', () => {
    const name = text({ max: 9, singleLine: true });
    for (const bad of [' ', '\u00a0', '\u200b', '\u3164', '\u2800', '\u0301', '\ufe0f'])
      expect(name.validate(bad).error?.message, encodeURI(bad)).to.equal('"value" must have a visible character');
    expect(name.validate('').value).to.equal('');
    expect(text({ min: 1, max: 9, singleLine: true }).validate('').error).to.not.equal(undefined);
    expect(text({ max: 9 }).validate(' ').value).to.equal(' ');
  });
});
