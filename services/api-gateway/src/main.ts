import { run } from '@chatapi/kit';
import { config } from './config.ts';
import { createGateway } from './gateway.ts';
import { localRoutes } from './local-routes.ts';
import { close, open, ready } from './open.ts';
import { closeTunnels } from './socket-tunnels.ts';

await run({
  name: 'api-gateway',
  config: config(),
  open,
  ready,
  drain: closeTunnels,
  close,
  routes: localRoutes,
  edge: createGateway,
});
