// A page that is an app of ours, built from apps/. Its files have names made from their contents,
// so browsers keep them for good. Nothing is loaded from other hosts, nothing is inline, and no script
// may make HTML from text (Trusted Types).
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { notFound, type RequestContext } from '@chatapi/kit';
import { type StaticText, staticText } from '../static-text.ts';

export interface App {
  name: 'console' | 'demo';
  script: string;
  style: string;
  assets: Map<string, StaticText>;
}

/** undefined: not built. */
export function readApp(name: App['name']): App | undefined {
  try {
    const folder = join(dirname(fileURLToPath(import.meta.resolve(`@chatapi/${name}/package.json`))), 'dist');
    const { script, style } = JSON.parse(readFileSync(join(folder, 'assets.json'), 'utf8'));
    const names = readdirSync(folder).filter((file) => /^[a-z]+-\w+\.(?:js|css)$/.test(file));
    const assets = new Map(names.map((file) => [file, staticText(extname(file), readFileSync(join(folder, file)))]));
    return { name, script, style, assets };
  } catch {
    return undefined;
  }
}

/** @param connect other origins that its scripts may ask. */
const policy = (connect: string[]): string =>
  `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; ` +
  `connect-src ${["'self'", ...connect].join(' ')}; base-uri 'none'; form-action 'self'; ` +
  "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/** A blue bubble. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'%3E" +
  "%3Cpath fill='%233451d1' d='M2 9a7 7 0 0 1 7-7h2a7 7 0 0 1 0 16H4a2 2 0 0 1-2-2z'/%3E%3C/svg%3E";

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

const html = ({ name, script, style }: App, settings: object): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta name="${name}-settings" content="${escaped(JSON.stringify(settings))}">
<title>chatapi ${name}</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="/${name}/assets/${style}">
<script type="module" src="/${name}/assets/${script}"></script>
</head>
<body>
<div id="page"></div>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`;

export type Call = Pick<RequestContext, 'req' | 'res'>;

export interface Shown {
  /** What the page is told. */
  settings?: object;
  connect?: string[];
}

/** @throws AppError 404 */
export function sendApp(
  app: App | undefined,
  { res }: Pick<Call, 'res'>,
  { settings = {}, connect = [] }: Shown,
): void {
  if (app === undefined) throw notFound('The page');
  res.set('Content-Security-Policy', policy(connect));
  res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' }).type('html').send(html(app, settings));
}

const FOR_GOOD = 'public, max-age=31536000, immutable';

/** @throws AppError 404 */
export function sendAsset(app: App | undefined, name: string, { res }: Pick<Call, 'res'>): void {
  const asset = app?.assets.get(name);
  if (asset === undefined) throw notFound('The file');
  res.set({ 'Cache-Control': FOR_GOOD, ETag: asset.etag }).type(asset.type).send(asset.text);
}
