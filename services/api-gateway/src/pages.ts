// Owns: the two documentation pages and what they load, all from here: no asset of another host, no script in the page.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Call, notFound } from '@chatapi/kit';
import { REALTIME_SCRIPT, REALTIME_STYLE } from './realtime-page.ts';

const SWAGGER = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));

// Swagger UI sets style attributes; everything else comes from files of this server.
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
</head>
<body>
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

// A Map: a plain object would also have `constructor` and `__proto__`.
const OWN = new Map([
  ['rest.js', { type: 'text/javascript', text: REST_SCRIPT }],
  ['realtime.js', { type: 'text/javascript', text: REALTIME_SCRIPT }],
  ['realtime.css', { type: 'text/css', text: REALTIME_STYLE }],
]);
const FROM_SWAGGER = new Set(['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png']);

const send = ({ res }: Pick<Call, 'res'>, html: string): void => {
  res.set('Content-Security-Policy', POLICY).type('html').send(html);
};

export const restPage = async (call: Pick<Call, 'res'>): Promise<void> =>
  send(call, page('Chat API', 'swagger-ui.css', ['swagger-ui-bundle.js', 'rest.js']));

export const realtimePage = async (call: Pick<Call, 'res'>): Promise<void> =>
  send(call, page('Chat API: WebSocket', 'realtime.css', ['realtime.js']));

export async function asset({ res, params }: Pick<Call<{ name: string }>, 'res' | 'params'>): Promise<void> {
  const own = OWN.get(params.name);
  res.set('Cache-Control', 'public, max-age=3600');
  if (own !== undefined) {
    res.type(own.type).send(own.text);
    return;
  }
  if (!FROM_SWAGGER.has(params.name)) {
    res.set('Cache-Control', 'no-store');
    throw notFound('The file');
  }
  await new Promise<void>((resolve, reject) => {
    res.sendFile(params.name, { root: SWAGGER, cacheControl: false }, (error) => (error ? reject(error) : resolve()));
  });
}
