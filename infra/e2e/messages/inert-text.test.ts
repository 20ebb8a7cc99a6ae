// Texts cleaned by kit/text in a real browser: assigned to `innerHTML`, nothing in them acts, and
// the rest of the page is intact.

import { cleanText } from '@chatapi/kit';
import { chromium as findChromium } from '@chatapi/local';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Browser, chromium, type Page } from 'playwright-core';

const PIECES = [
  ...'< > </ <! <? / = " \' - ! ? & ; \n \t \u0000 a on x'.split(' '),
  ...['<!--', '-->', '--!>', '<![CDATA[', ']]>', '<!doctype ', ' ', '  ', '/>', '="', "='", '">', "'>"],
  ...'<b <i <a <p <img <input <table <td <form <button <object <embed <base <meta <link <frame <body <html <col'.split(
    ' ',
  ),
  ...'<script <style <iframe <svg <math <template <title <textarea <select <xmp <plaintext <noscript'.split(' '),
  ...'<noembed <noframes <frameset <option <foreignObject <mglyph <annotation-xml <desc <x-y <Foo'.split(' '),
  ...'</script </style </title </textarea </svg </math </template </select </b </a </p </form </table'.split(' '),
  ...'onerror= onclick=top.fired=1 onfocus onload=top.fired=1 src=x src href=javascript:top.fired=1 action='.split(' '),
  ...'formaction=x data=x data= xlink:href=x srcset=x poster=x background=x ping=x cite=x style=x hidden'.split(' '),
  ...'autofocus contenteditable http-equiv=refresh content=0;url=x class=x class= id=x name=x popover srcdoc=x'.split(
    ' ',
  ),
  ...['top.fired=1', 'alert(1)', '&lt;', '&#60;script>', '&quot;', 'type=image', 'tabindex=1', 'target=x', 'xmlns=x'],
];

const soup = fc.array(fc.constantFrom(...PIECES), { maxLength: 24 }).map((pieces) => pieces.join(''));

/** Pieces that never act, in any order. */
const HARMLESS = [
  ...'word 1 < <= && -> <- </3 :-) 😀 é & &amp; <b> </b> <i> </i> <p> </p> <br> <br/> <A> <Object> <Link> <Form>'.split(
    ' ',
  ),
  ...'<stdio.h> <user@example.org> <> #include </Foo> <Foo\tbar="x"> on hidden onclick=x src=y'.split(' '),
  ...[
    '<td colspan=2>',
    '<!-- note -->',
    '<!-- <b onclick=x> -->',
    '<in >',
    '\n',
    '<b title="a > b">',
    "<i lang='de'>",
    '<?php ?>',
  ],
];
const harmless = fc.array(fc.constantFrom(...HARMLESS), { maxLength: 30 }).map((pieces) => pieces.join(' '));

/** Globals of the page. */
declare const document: any;
declare const DOMParser: any;
declare const HTMLUnknownElement: any;

/**
 * Runs in the page.
 * @returns what acts in each text, and whether the rest of the page changed; '' if all is well.
 */
function judge(texts: string[]): string[] {
  const NAMES =
    /^(script|style|iframe|svg|math|template|title|textarea|select|xmp|plaintext|noscript|noembed|noframes|frameset)$/i;
  const ALWAYS = ['hidden', 'autofocus', 'contenteditable', 'popover', 'inert'];
  const VALUED =
    'href src action formaction data xlink:href srcset poster background ping cite style http-equiv srcdoc manifest'.split(
      ' ',
    );
  const OF_HTML = ['class', 'id', 'name', 'target'];

  const attributeActs = (element: any, { name, value }: { name: string; value: string }): boolean => {
    const known = !(element instanceof HTMLUnknownElement) && !element.localName.includes('-');
    if (ALWAYS.includes(name)) return true;
    // An empty handler runs nothing; on unknown elements it is a word: `<T onload>`.
    if (name.startsWith('on') && typeof element[name] === 'function') return known || value !== '';
    return value !== '' && (VALUED.includes(name) || (known && OF_HTML.includes(name)));
  };
  const faultsOf = (root: any): string[] =>
    [...root.querySelectorAll('*')].flatMap((element) => [
      ...(NAMES.test(element.localName) || element.namespaceURI !== 'http://www.w3.org/1999/xhtml'
        ? [element.localName]
        : []),
      ...[...element.attributes]
        .filter((a) => attributeActs(element, a))
        .map(({ name }) => `${element.localName} ${name}`),
    ]);

  return texts.map((text) => {
    const div = document.createElement('div');
    document.body.replaceChildren(div);
    div.innerHTML = text;
    const faults = faultsOf(div);
    const page = `<!doctype html><body><div>${text}</div><p id="after">after</p><i id="end"></i>`;
    const whole = new DOMParser().parseFromString(page, 'text/html');
    if (whole.getElementById('after')?.textContent !== 'after') faults.push('the rest of the page is swallowed');
    for (const id of ['after', 'end']) whole.getElementById(id)?.remove();
    return [...faults, ...faultsOf(whole.body)].join(', ');
  });
}

describe('a text in a page', function () {
  this.timeout(120_000);
  let browser: Browser;
  let page: Page;
  const asked: string[] = [];

  before(async () => {
    const { file, env } = findChromium((line) => void process.stdout.write(`${line}\n`));
    browser = await chromium.launch({
      executablePath: file,
      env: env as Record<string, string>,
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    });
    page = await browser.newPage();
    page.on('request', (request) => asked.push(request.url()));
  });
  after(async () => await browser?.close());

  const faultsOf = async (texts: string[]): Promise<string[][]> => {
    const faults = await page.evaluate(judge, texts.map(cleanText));
    return texts.map((text, i) => [text, cleanText(text), faults[i] as string]).filter(([, , fault]) => fault !== '');
  };

  it('is checked by a test that detects active markup', async () => {
    const bad = [
      '<b onclick=x>',
      '<script>',
      '<x hidden>',
      '<b class=x>',
      '<svg><a>',
      'x<!--',
      '<b title="',
      '<title>',
      '<base target=x>',
    ];
    const faults = await page.evaluate(judge, bad);
    for (const [i, text] of bad.entries()) expect(faults[i], text).not.to.equal('');
  });

  it('does nothing and swallows nothing of the page, whatever was sent', async () => {
    const texts = fc.array(soup, { minLength: 200, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(texts, async (batch) => {
        expect(await faultsOf(batch)).to.deep.equal([]);
      }),
      { numRuns: 40 },
    );
    expect(asked).to.deep.equal([]);
    expect(await page.evaluate('window.fired')).to.equal(undefined);
  });

  it('is not changed by cleaning it again', () => {
    fc.assert(
      fc.property(soup, (text) => {
        expect(cleanText(cleanText(text))).to.equal(cleanText(text));
      }),
      { numRuns: 10_000 },
    );
  });

  it('is returned unchanged when nothing in it acts', async () => {
    fc.assert(
      fc.property(harmless, (text) => {
        expect(cleanText(text)).to.equal(text);
      }),
      { numRuns: 10_000 },
    );
    for (const batch of [fc.sample(harmless, 500)]) expect(await faultsOf(batch)).to.deep.equal([]);
  });
});
