import { run } from '@chatapi/kit';
import { config } from './config.ts';
import { close, open, ready, VERSION } from './context.ts';
import { openDoor } from './door.ts';
import { ownRoutes } from './own-routes.ts';
import { cutTunnels } from './upgrade.ts';

await run({
  name: 'api-gateway',
  version: VERSION,
  config: config(),
  open,
  ready,
  drain: cutTunnels,
  close,
  routes: ownRoutes,
  door: openDoor,
});
