import { run } from '@chatapi/kit';
import { config } from './config.ts';
import { drain } from './connections/drain.ts';
import { internalRoutes } from './internal-routes.ts';
import { close, open, ready } from './open.ts';
import { createStreamHandler } from './streams/stream-handler.ts';
import { attachUpgrades } from './upgrade.ts';

await run({
  name: 'realtime-gateway',
  config: config(),
  open,
  ready,
  drain,
  close,
  internalRoutes,
  // For load balancers, which reach the public listener only.
  healthOutside: true,
  edge: (ctx) => ({
    mount: (app) => void app.use(createStreamHandler(ctx)),
    attach: (server) => attachUpgrades(ctx, server),
  }),
});
