import { run } from '@chatapi/kit';
import { config } from './config.ts';
import { close, open, ready } from './context.ts';
import { openHandler } from './door.ts';
import { drain } from './drain.ts';
import { internalRoutes } from './internal-routes.ts';
import { openUpgrades } from './upgrade.ts';

await run({
  name: 'realtime-gateway',
  version: '0.1.0',
  config: config(),
  open,
  ready,
  close,
  internalRoutes,
  door: (ctx) => ({ handler: openHandler(ctx.log), attach: openUpgrades(ctx).attach, drain: () => drain(ctx) }),
});
