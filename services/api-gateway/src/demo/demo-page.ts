// The demo: a page with two people, built from apps/demo. Its files have names made from their
// contents, so browsers keep them for good. Nothing is loaded from other hosts, nothing is inline,
// and no script may make HTML from text (Trusted Types).
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { notFound, type RequestContext } from '@chatapi/kit';
import type { Config } from '../config.ts';
import { type StaticText, staticText } from '../static-text.ts';

export interface Demo {
  script: string;
  style: string;
  assets: Map<string, StaticText>;
  /** Of the local runner, which can kill a node. */
  runner?: { url: string; token: string };
  /** How many nodes a socket may ask for; 0: the gateway chooses. */
  nodes: number;
}

/** A page may ask for a node with `?node=`, counted from 1; not where strangers could. */
export const mayChooseNode = ({ NODE_ENV }: Pick<Config, 'NODE_ENV'>): boolean => NODE_ENV !== 'production';

function runnerOf({ DEMO_RUNNER_URL }: Config): Demo['runner'] {
  if (DEMO_RUNNER_URL === undefined) return undefined;
  const { origin, username } = new URL(DEMO_RUNNER_URL);
  return { url: origin, token: username };
}

/** undefined: off, or not built. */
export function readDemo(config: Config): Demo | undefined {
  if (!config.DEMO) return undefined;
  try {
    const folder = join(dirname(fileURLToPath(import.meta.resolve('@chatapi/demo/package.json'))), 'dist');
    const { script, style } = JSON.parse(readFileSync(join(folder, 'assets.json'), 'utf8'));
    const names = readdirSync(folder).filter((name) => /^demo-\w+\.(?:js|css)$/.test(name));
    const assets = new Map(names.map((name) => [name, staticText(extname(name), readFileSync(join(folder, name)))]));
    const nodes = mayChooseNode(config) ? config.REALTIME_URL.length : 0;
    return { script, style, assets, nodes, runner: runnerOf(config) };
  } catch {
    return undefined;
  }
}

const policy = (connect: string): string =>
  `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'${connect}; ` +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/** A blue bubble. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'%3E" +
  "%3Cpath fill='%233451d1' d='M2 9a7 7 0 0 1 7-7h2a7 7 0 0 1 0 16H4a2 2 0 0 1-2-2z'/%3E%3C/svg%3E";

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

const html = ({ script, style }: Demo, settings: object): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta name="demo-settings" content="${escaped(JSON.stringify(settings))}">
<title>chatapi demo</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="/demo/assets/${style}">
<script type="module" src="/demo/assets/${script}"></script>
</head>
<body>
<div id="page"></div>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`;

/** Names that lead to this machine, whatever a DNS server says. */
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;

type Call = Pick<RequestContext, 'req' | 'res'>;

/** @throws AppError 404 */
export function sendDemo(demo: Demo | undefined, { req, res }: Call): void {
  if (demo === undefined) throw notFound('The demo');
  const { nodes, runner } = demo;
  // A page of another name, made to lead here, must not read the runner's token.
  const isLocal = LOOPBACK.test(String(req.headers['x-forwarded-host']));
  const shown = isLocal ? runner : undefined;
  res.set('Content-Security-Policy', policy(shown === undefined ? '' : ` ${shown.url}`));
  res
    .set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' })
    .type('html')
    .send(html(demo, { nodes, runner: shown }));
}

const FOR_GOOD = 'public, max-age=31536000, immutable';

/** @throws AppError 404 */
export function sendDemoAsset(demo: Demo | undefined, name: string, { res }: Pick<Call, 'res'>): void {
  const asset = demo?.assets.get(name);
  if (asset === undefined) throw notFound('The file');
  res.set({ 'Cache-Control': FOR_GOOD, ETag: asset.etag }).type(asset.type).send(asset.text);
}
