import type { Route } from '@chatapi/kit';
import type { Context } from './context.ts';
import { messageRoutes } from './message-routes.ts';
import { roomRoutes } from './room-routes.ts';

export const routes: Route<Context>[] = [...messageRoutes, ...roomRoutes];
