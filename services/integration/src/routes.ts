import type { Route } from '@chatapi/kit';
import type { Context } from './context.ts';
import { beforeMessageHookRoutes } from './routes/before-message-hook-routes.ts';
import { incomingRoutes } from './routes/incoming-routes.ts';
import { webhookRoutes } from './routes/webhook-routes.ts';

export const routes: Route<Context>[] = [...webhookRoutes, ...incomingRoutes, ...beforeMessageHookRoutes];
