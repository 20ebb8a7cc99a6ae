import { run } from '@chatapi/kit';
import { config } from './config.ts';
import { close, open, ready, VERSION } from './context.ts';
import { drain } from './drain.ts';
import { internalRoutes } from './internal-routes.ts';
import { attachUpgrades, plainRequest } from './upgrade.ts';

await run({
  name: 'realtime-gateway',
  version: VERSION,
  config: config(),
  open,
  ready,
  drain,
  close,
  internalRoutes,
  // A load balancer in front of the nodes asks where its clients go.
  healthOutside: true,
  door: (ctx) => ({
    mount: (app) => void app.use((req, _res, next) => next(plainRequest(req.path))),
    attach: (server) => attachUpgrades(ctx, server),
  }),
});
