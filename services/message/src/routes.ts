import type { Route } from '@chatapi/kit';
import { limitedToRooms } from './access/token-rooms.ts';
import type { Context } from './context.ts';
import { eventRoutes } from './routes/event-routes.ts';
import { messageRoutes } from './routes/message-routes.ts';
import { roomRoutes } from './routes/room-routes.ts';
import { typingRoutes } from './routes/typing-routes.ts';

export const routes: Route<Context>[] = limitedToRooms([
  ...messageRoutes,
  ...roomRoutes,
  ...eventRoutes,
  ...typingRoutes,
]);
