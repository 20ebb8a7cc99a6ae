// What admin asks: messages that were reported, and the counts behind its statistics.
import { notFound, type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import { readableMessage } from './access.ts';
import type { Context } from './context.ts';
import { countedRooms, countMessages, shownMessages } from './shown-store.ts';

const who = 'service' as const;

/** @throws AppError RESOURCE_NOT_FOUND as for that user; also for a tombstone, in which there is nothing to report. */
async function reportable(ctx: Context, messageId: string, userId: string): Promise<{ sender_id: string }> {
  const { row } = await readableMessage(ctx.reads, messageId, userId);
  if (row.is_deleted) throw notFound('Message');
  return { sender_id: row.sender_id };
}

export const shownRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/internal/messages/:id/seen-by/:user_id',
    summary: 'A message, if this user may read it',
    who,
    rule: (ctx: Context, { params }) => reportable(ctx, params.id as string, params.user_id as string),
  }),
  route({
    method: 'post',
    path: '/internal/messages/by-ids',
    summary: 'Messages as who handles reports sees them',
    who,
    body: Joi.object<{ ids: string[] }>({ ids: Joi.array().items(Joi.string()).max(100).required() }),
    rule: async (ctx: Context, { body }) => ({ messages: await shownMessages(ctx.db, body.ids) }),
  }),
  route({
    method: 'post',
    path: '/internal/rooms/states',
    summary: 'Rooms as they are counted: these, or a page in order of id',
    who,
    body: Joi.object<{ ids?: string[]; after: string; limit: number }>({
      ids: Joi.array().items(Joi.string()).max(1000),
      after: Joi.string().allow('').default(''),
      limit: Joi.number().integer().min(1).max(1000).default(1000),
    }),
    rule: async (ctx: Context, { body }) => ({ states: await countedRooms(ctx.db, body) }),
  }),
  route({
    method: 'get',
    path: '/internal/message-counts',
    summary: 'How many messages there are, as of one moment',
    who,
    rule: (ctx: Context) => countMessages(ctx.db),
  }),
];
