// The two documentation pages and their assets. Nothing is loaded from other hosts, and the pages
// contain no inline scripts.
import { readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { notFound, type RequestContext } from '@chatapi/kit';
import { REALTIME_SCRIPT, REALTIME_STYLE } from './realtime-docs-page.ts';
import { type StaticText, staticText } from './static-text.ts';

const SWAGGER = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));

// 'unsafe-inline' for styles: Swagger UI sets style attributes.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const page = (title: string, style: string, scripts: string[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/assets/${style}">
<link rel="stylesheet" href="/docs/assets/documents.css">
</head>
<body>
<nav class="documents" aria-label="Documentation"><a href="/docs/guide">Guide</a> <a href="/docs">REST API</a>
<a href="/docs/realtime">WebSocket</a></nav>
<main id="page"></main>
${scripts.map((name) => `<script src="/docs/assets/${name}"></script>`).join('\n')}
</body>
</html>
`;

const REST_SCRIPT = `SwaggerUIBundle({
  url: '/docs/openapi.json', dom_id: '#page', deepLinking: true, validatorUrl: null, persistAuthorization: false,
  displayRequestDuration: true, tryItOutEnabled: true,
});
`;

const NAVIGATION_STYLE = `.documents { display: flex; gap: 1.5rem; padding: .75rem 1.25rem; font: 15px "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  border-bottom: 1px solid #d8dee6; background: #fff; }
.documents a { color: #3451d1; }
`;

// A Map, since a plain object would also answer to `constructor` and `__proto__`.
const GENERATED = new Map([
  ['rest.js', staticText('text/javascript', REST_SCRIPT)],
  ['realtime.js', staticText('text/javascript', REALTIME_SCRIPT)],
  ['realtime.css', staticText('text/css', REALTIME_STYLE)],
  ['documents.css', staticText('text/css', NAVIGATION_STYLE)],
]);
const SWAGGER_FILES = new Set(['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png']);

type Call = Pick<RequestContext, 'res'>;

/** Express answers 304 when the ETag is in If-None-Match. */
function send({ res }: Call, { type, text, etag }: StaticText, cache: string): void {
  res.set('Cache-Control', cache).set('ETag', etag).type(type).send(text);
}

const REVALIDATE = 'no-cache';

export const sendDocument = (call: Call, document: StaticText): void => send(call, document, REVALIDATE);

const REST_PAGE = staticText('html', page('Chat API', 'swagger-ui.css', ['swagger-ui-bundle.js', 'rest.js']));
const REALTIME_PAGE = staticText('html', page('Chat API: WebSocket', 'realtime.css', ['realtime.js']));

function sendPage(call: Call, html: StaticText): void {
  call.res.set('Content-Security-Policy', POLICY);
  send(call, html, REVALIDATE);
}

export const restPage = async (call: Call): Promise<void> => sendPage(call, REST_PAGE);
export const realtimePage = async (call: Call): Promise<void> => sendPage(call, REALTIME_PAGE);

/** Read once. */
const swaggerFiles = new Map<string, Promise<StaticText>>();

function swaggerFile(name: string): Promise<StaticText> {
  const known =
    swaggerFiles.get(name) ?? readFile(join(SWAGGER, name)).then((bytes) => staticText(extname(name), bytes));
  swaggerFiles.set(name, known);
  return known;
}

const FOR_AN_HOUR = 'public, max-age=3600';

export async function asset({ res, params }: Pick<RequestContext<{ name: string }>, 'res' | 'params'>): Promise<void> {
  const generated = GENERATED.get(params.name);
  if (generated !== undefined) return send({ res }, generated, FOR_AN_HOUR);
  if (!SWAGGER_FILES.has(params.name)) throw notFound('The file');
  send({ res }, await swaggerFile(params.name), FOR_AN_HOUR);
}
