// GET /events in the documents, and for those who ask for another format than it has.
import { AppError, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';

const events = { 'text/event-stream': { schema: { type: 'string' } } };

export const eventStreamRoute = route<Context>({
  method: 'get',
  path: '/events',
  summary: 'Stream the events of all rooms of the caller as server-sent events',
  description:
    'For who cannot use WebSocket. Each frame of the socket is an event with its type as name; those of the log ' +
    'bear an `id`, with which any server goes on. Further events: `live` (what follows is live), `resync` (rooms ' +
    'whose log no longer reaches back) and `close` (`code` and `message`, as the socket closes). A comment comes ' +
    'every 5 s. The token may also be the parameter `token`, as `EventSource` needs it.',
  tag: 'Rooms',
  who: 'user',
  scope: 'events:read',
  query: Joi.object({
    cursor: Joi.string().max(4096).description('`id` of the last event, for clients that can send no header'),
  }),
  headers: Joi.object({
    'Last-Event-ID': Joi.string().max(4096).description('`id` of the last event; without it the stream begins live'),
  }),
  errors: [406],
  docs: { responses: { 200: { description: 'The stream, until either side ends it', content: events } } },
  rule: async () => {
    throw new AppError('VALIDATION_ERROR', 'Here are streams only: send Accept: text/event-stream', { status: 406 });
  },
});
