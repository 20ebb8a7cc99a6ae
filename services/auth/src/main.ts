import { run } from '@chatapi/kit';
import { config } from './config.ts';
import { close, open, ready } from './context.ts';
import { internalRoutes } from './internal-routes.ts';
import { routes } from './routes.ts';

await run({
  name: 'auth',
  version: '0.1.0',
  config: config(),
  open: (base) => open(base),
  close,
  ready,
  drain: async ({ revocationFeed }) => revocationFeed.release(),
  routes,
  internalRoutes,
});
