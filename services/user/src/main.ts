import { recordKeyAct } from '@chatapi/bus';
import { run } from '@chatapi/kit';
import { config } from './config.ts';
import { internalRoutes } from './internal-routes.ts';
import { close, open, ready } from './open.ts';
import { routes } from './routes.ts';

await run({
  name: 'user',
  config: config(),
  open: (base) => open(base),
  close,
  ready,
  routes,
  recordKeyAct,
  internalRoutes,
});
