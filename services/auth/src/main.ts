import { recordKeyAct } from '@chatapi/bus';
import { run } from '@chatapi/kit';
import { config } from './config.ts';
import { internalRoutes } from './internal-routes.ts';
import { close, open, ready } from './open.ts';
import { routes } from './routes.ts';

await run({
  name: 'auth',
  config: config(),
  open: (base) => open(base),
  close,
  ready,
  drain: async ({ revocationFeed }) => revocationFeed.release(),
  routes,
  recordKeyAct,
  internalRoutes,
});
