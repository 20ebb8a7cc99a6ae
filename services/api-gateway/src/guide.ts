// The guide: static pages, built from the documents (apps/guide). Nothing is loaded from other
// hosts, nothing is inline, and no script may make HTML from text (Trusted Types).
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { notFound, type RequestContext } from '@chatapi/kit';
import { type StaticText, staticText } from './static-text.ts';

export interface Guide {
  /** By name, in the order of the navigation. */
  pages: Map<string, StaticText>;
  search: StaticText;
  assets: Map<string, StaticText>;
}

/** undefined: not built. */
export function readGuide(): Guide | undefined {
  try {
    const folder = join(dirname(fileURLToPath(import.meta.resolve('@chatapi/guide/package.json'))), 'dist');
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
    const pages: Record<string, string> = JSON.parse(read('pages.json'));
    const names = readdirSync(folder).filter((name) => /^guide-\w+\.(?:js|css)$/.test(name));
    return {
      pages: new Map(Object.entries(pages).map(([name, html]) => [name, staticText('html', html)])),
      search: staticText('application/json', read('search.json')),
      assets: new Map(names.map((name) => [name, staticText(extname(name), read(name))])),
    };
  } catch {
    return undefined;
  }
}

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

type Call = Pick<RequestContext, 'res'>;

/** @throws AppError 404 */
function built(guide: Guide | undefined): Guide {
  if (guide === undefined) throw notFound('The guide');
  return guide;
}

function send({ res }: Call, text: StaticText | undefined, what: string, cache: string): void {
  if (text === undefined) throw notFound(what);
  res.set({ 'Cache-Control': cache, ETag: text.etag }).type(text.type).send(text.text);
}

/** @param name the first page if undefined. @throws AppError 404 */
export function sendGuidePage(guide: Guide | undefined, name: string | undefined, call: Call): void {
  const { pages } = built(guide);
  call.res.set('Content-Security-Policy', POLICY);
  send(call, name === undefined ? pages.values().next().value : pages.get(name), 'The page', 'no-cache');
}

/** @throws AppError 404 */
export const sendGuideSearch = (guide: Guide | undefined, call: Call): void =>
  send(call, built(guide).search, 'The file', 'no-cache');

/** Names are made from the contents. @throws AppError 404 */
export const sendGuideAsset = (guide: Guide | undefined, name: string, call: Call): void =>
  send(call, built(guide).assets.get(name), 'The file', 'public, max-age=31536000, immutable');
