import { answerSchema, type Route, roomId, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { eventPage } from '../events/event-schema.ts';
import { type EventsQuery, listEvents } from '../events/room-events.ts';

const query = Joi.object<EventsQuery>({
  after_seq: Joi.number()
    .integer()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .default(0)
    .description('seq of the last event that the caller has'),
  limit: Joi.number().integer().min(1).max(500).default(100),
});

const headers = Joi.object({
  'Last-Event-ID': Joi.number().integer().min(0).description('of a stream: wins over `after_seq`'),
});

const docs = {
  responses: {
    200: {
      description: 'A page, or the stream',
      content: {
        'application/json': {
          // When it is read: it takes 40 ms, which a start would.
          get schema() {
            return answerSchema(eventPage);
          },
        },
        'text/event-stream': { schema: { type: 'string' } },
      },
    },
  },
};

export const eventRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/rooms/:id/events',
    summary: 'List the events of a room after a seq, as the socket delivers them',
    description:
      'For who may read the room, and for application keys, which read every room. With `Accept: ' +
      'text/event-stream` a realtime node streams them as server-sent events: each frame of the log with its `seq` ' +
      'as `id` and its type as name; `live` (what follows is live), `resync` (the log no longer reaches back) and ' +
      '`close` (`code` and `message`, as the socket closes). Then `limit` is refused, without `after_seq` and ' +
      '`Last-Event-ID` it begins live, and the token may also be the parameter `token`.',
    tag: 'Rooms',
    who: 'user',
    scope: 'events:read',
    keyAlone: true,
    params: Joi.object<{ id: string }, true>({ id: roomId().required() }),
    query,
    headers,
    answer: eventPage,
    docs,
    errors: [406],
    raw: true,
    rule: async (ctx: Context, { caller, params, query, res }) => {
      res.type('application/json').send(await listEvents(ctx, caller, params.id, query));
    },
  }),
];
