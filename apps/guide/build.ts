// Builds the guide: each document as a static page, one script and one style sheet named by their
// contents, and the texts that the search reads.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writeFiles } from '@chatapi/page/write-files';
import { build, type OutputFile } from 'esbuild';
import { CONTENTS } from './contents.ts';
import { render } from './markdown.ts';
import { pageHtml } from './page.ts';
import type { Entry } from './src/search-entry.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DIST = join(import.meta.dirname, 'dist');

export interface Built {
  /** HTML by name of the page, the first one first. */
  pages: Record<string, string>;
  search: Entry[];
  /** Contents by name. */
  assets: Map<string, Uint8Array>;
}

async function bundled(entry: string): Promise<[string, Uint8Array]> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'src', entry)],
    outdir: DIST,
    entryNames: 'guide-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'silent',
    write: false,
  });
  const { path, contents } = outputFiles[0] as OutputFile;
  return [basename(path), contents];
}

export async function bundleGuide(): Promise<Built> {
  const [script, style] = [await bundled('guide.ts'), await bundled('guide.css')];
  const frame = { contents: CONTENTS, script: script[0], style: style[0] };
  const sources = CONTENTS.flatMap(({ pages }) => pages);
  const pageOf = (file: string): string | undefined => sources.find((source) => source.file === file)?.name;
  const built: Built = { pages: {}, search: [], assets: new Map([script, style]) };
  for (const source of sources) {
    const rendered = render(readFileSync(join(ROOT, source.file), 'utf8'), source, pageOf);
    built.pages[source.name] = pageHtml(frame, source, rendered);
    for (const { id, title, depth, text } of rendered.sections)
      built.search.push({
        id: depth === 1 ? source.name : `${source.name}#${id}`,
        page: source.title,
        title,
        text: text.replace(/\s+/g, ' ').trim(),
      });
  }
  return built;
}

async function buildGuide(): Promise<void> {
  const { pages, search, assets } = await bundleGuide();
  const lists = Object.entries({ 'search.json': JSON.stringify(search), 'pages.json': JSON.stringify(pages) });
  writeFiles(DIST, [...assets, ...lists], /^guide-.*\.(?:js|css)$/);
}

if (process.argv[1] === import.meta.filename) await buildGuide();
