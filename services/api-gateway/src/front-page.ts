// What a browser gets at `/`: links to what is here. Everybody else gets the gateway's health.
import type { RequestContext } from '@chatapi/kit';
import type { Context } from './context.ts';
import { type BasicHealth, basicHealth } from './health.ts';

const POLICY = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'";

const page = (links: [string, string][]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>chatapi</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/account/assets/account.css">
</head>
<body>
<main>
<h1>chatapi</h1>
<ul>
${links.map(([path, text]) => `<li><a href="${path}">${text}</a></li>`).join('\n')}
</ul>
</main>
</body>
</html>
`;

/** Writes the response. @returns what programs got. */
export async function front(
  { config, console, demo, guide }: Context,
  { req, res }: Pick<RequestContext, 'req' | 'res'>,
): Promise<BasicHealth> {
  const health = await basicHealth();
  res.vary('Accept');
  // Programs send `*/*` or nothing, and get JSON.
  if (req.accepts(['json', 'html']) !== 'html') {
    res.json(health);
    return health;
  }
  const links: [string, string][] = [
    ...(console === undefined ? [] : [['/console', 'Admin console'] as [string, string]]),
    ...(demo === undefined ? [] : [['/demo', 'Demo: two people, two nodes'] as [string, string]]),
    ...(config.DOCS === 'on'
      ? ([
          ...(guide === undefined ? [] : [['/docs/guide', 'Guide']]),
          ['/docs', 'REST API'],
          ['/docs/realtime', 'WebSocket'],
        ] as [string, string][])
      : []),
  ];
  res.set('Content-Security-Policy', POLICY).type('html').send(page(links));
  return health;
}
