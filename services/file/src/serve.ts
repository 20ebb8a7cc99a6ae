import { run } from '@chatapi/kit';
import { config } from './config.ts';
import { close, open, ready } from './context.ts';
import { internalRoutes } from './internal-routes.ts';
import { routes } from './routes.ts';

await run({
  name: 'file',
  version: '0.1.0',
  config: config(),
  open,
  ready,
  close,
  routes,
  internalRoutes,
  // A file over a slow line takes long; one that stalls is ended by the upload itself.
  requestTimeout: 600_000,
});
