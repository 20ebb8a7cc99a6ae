import { type Route, roomId, route } from '@chatapi/kit';
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

export const eventRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/rooms/:id/events',
    summary: 'List the events of a room after a seq, as the socket delivers them',
    description: 'For who may read the room, and for application keys, which read every room.',
    tag: 'Rooms',
    who: 'user',
    scope: 'events:read',
    keyAlone: true,
    params: Joi.object<{ id: string }, true>({ id: roomId().required() }),
    query,
    answer: eventPage,
    raw: true,
    rule: async (ctx: Context, { caller, params, query, res }) => {
      res.type('application/json').send(await listEvents(ctx, caller, params.id, query));
    },
  }),
];
