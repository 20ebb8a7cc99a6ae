import { type Route, roomId, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { tellTyping } from '../typing/typing.ts';

export const typingRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/rooms/:id/typing',
    summary: 'Tell the other members of a room that the caller is typing, or has stopped',
    description:
      'As the frame `typing` of the socket, for who cannot use WebSocket. The others get a `typing` frame with ' +
      '`expires_in_ms`, at most once in 2 s; what comes sooner is answered alike and tells nobody. For members who ' +
      'may write. Counts as a frame (`RATE_LIMIT_WS_FRAMES`), not as a request.',
    tag: 'Rooms',
    who: 'user',
    scope: 'messages:write',
    unrecorded: true,
    params: Joi.object<{ id: string }, true>({ id: roomId().required() }),
    body: Joi.object<{ stop: boolean }>({
      stop: Joi.boolean().default(false).description('true: the caller has stopped typing'),
    }),
    example: { stop: true },
    errors: [409],
    rule: (ctx: Context, { caller, params, body }) => tellTyping(ctx, caller, params.id, body.stop),
  }),
];
