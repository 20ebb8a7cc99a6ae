import { recordKeyAct } from '@chatapi/bus';
import { run } from '@chatapi/kit';
import { config } from './config.ts';
import { internalRoutes } from './internal-routes.ts';
import { close, open, ready } from './open.ts';
import { routes } from './routes.ts';

await run({
  name: 'file',
  config: config(),
  open,
  ready,
  close,
  routes,
  recordKeyAct,
  internalRoutes,
  // Uploads over slow connections take long. Stalled ones are ended after 30 s by multipart.ts.
  requestTimeout: 600_000,
});
