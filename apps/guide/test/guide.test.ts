import { readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { type Built, bundleGuide } from '../build.ts';
import { CONTENTS } from '../contents.ts';
import { render } from '../markdown.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
/** What loads with the first page: HTML of the page, script and styles. */
const MAX_BYTES = 32 * 1024;
const idsIn = (html: string): string[] => [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id as string);

describe('the guide', () => {
  let built: Built;
  before(async () => {
    built = await bundleGuide();
  });

  it('links to pages and headings that exist', () => {
    const broken: string[] = [];
    for (const [name, html] of Object.entries(built.pages))
      for (const [, href = ''] of html.matchAll(/<a [^>]*href="((?:\/docs\/guide|#)[^"]*)"/g)) {
        const [path = '', anchor] = href.split('#');
        const page = path === '' ? name : path.replace(/^\/docs\/guide\/?/, '') || Object.keys(built.pages)[0];
        const target = built.pages[page as string];
        const isFound = target !== undefined && (anchor === undefined || idsIn(target).includes(anchor));
        if (!isFound) broken.push(`${name}: ${href}`);
      }
    expect(broken).to.deep.equal([]);
  });

  it('has each heading once in a page, and a section in the search for each', () => {
    for (const [name, html] of Object.entries(built.pages)) {
      const ids = idsIn(html);
      expect(new Set(ids).size, name).to.equal(ids.length);
    }
    const ids = built.search.map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
    expect(ids).to.include.members([
      'quick-start',
      'webhooks',
      'server-sent-events',
      'console',
      'realtime-protocol#resume',
      'errors-and-limits#rate-limits',
    ]);
  });

  it('shows text as it is written: nothing of a sample becomes an element', () => {
    const source = { name: 'x', title: 'X', file: 'docs/x.md' };
    const { html } = render(
      '# A\n\n```html\n<script>alert(1)</script>\n```\n\n`<b>` & <!-- gone -->',
      source,
      () => 'x',
    );
    expect(html).to.include('&lt;script&gt;alert(1)&lt;/script&gt;').and.include('<code>&lt;b&gt;</code>');
    expect(html).not.to.include('<script').and.not.include('gone');
  });

  it('names documents that are no pages without a link to them', () => {
    const source = { name: 'x', title: 'X', file: 'docs/x.md' };
    const pages: Record<string, string> = { 'packages/client/README.md': 'typescript' };
    const text = '[A](../packages/client/README.md#stores) [B](../SECURITY.md) [C](https://example.com)';
    expect(render(text, source, (file) => pages[file]).html).to.equal(
      '<p><a href="/docs/guide/typescript#stores">A</a> B <a href="https://example.com">C</a></p>\n',
    );
  });

  it(`needs at most ${MAX_BYTES} bytes of gzip for a page`, () => {
    const size = (contents: string | Uint8Array): number => gzipSync(contents, { level: 9 }).length;
    const assets = [...built.assets.values()].reduce((sum, contents) => sum + size(contents), 0);
    const largest = Math.max(...Object.values(built.pages).map(size));
    expect(assets + largest)
      .to.be.greaterThan(5000)
      .and.at.most(MAX_BYTES);
  });

  it('has all documents for users of docs/, and each once', () => {
    const files = CONTENTS.flatMap(({ pages }) => pages.map(({ file }) => file));
    expect(new Set(files).size).to.equal(files.length);
    for (const file of files) expect(readFileSync(join(ROOT, file), 'utf8')).to.match(/^# /);
  });

  it('is built in the image too: .dockerignore lets its documents through', () => {
    const rules = readFileSync(join(ROOT, '.dockerignore'), 'utf8').match(/^[^#\n].*$/gm) ?? [];
    const isSent = (file: string): boolean => {
      const places = file.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'));
      const matches = (rule: string): boolean => places.some((place) => matchesGlob(place, rule.replace(/^!/, '')));
      return rules.findLast(matches)?.startsWith('!') ?? true;
    };
    const files = CONTENTS.flatMap(({ pages }) => pages.map(({ file }) => file));
    expect(files.filter((file) => !isSent(file))).to.deep.equal([]);
    expect(['README.md', 'apps/guide/node_modules/x', 'services/auth/test/x.ts'].filter(isSent)).to.deep.equal([]);
  });
});
