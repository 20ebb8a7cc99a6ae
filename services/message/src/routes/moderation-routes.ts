// Routes of the admin service: reports and statistics.
import { anyId, idOf, idParams, notFound, paging, type Route, roomId, route, timestamp } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import Joi from 'joi';
import { isWithin } from '../access/token-rooms.ts';
import type { Context } from '../context.ts';
import { type MessageKey, messageKey } from '../messages/message-cursor.ts';
import { readableMessage } from '../messages/require-readable.ts';
import { countMessages, reportedMessages, roomStates } from '../moderation/admin-queries-store.ts';
import { messagesAround } from '../moderation/context-store.ts';
import { deliveryFacts } from '../moderation/delivery-store.ts';
import { searchAllMessages } from '../moderation/search-all.ts';
import type { AllSearch } from '../moderation/search-all-store.ts';
import { usersShown } from '../people/shown-users.ts';
import { muteForStaff, type StaffMute } from '../rooms/mutes.ts';

const seenBy = Joi.object<{ id: string; user_id: string }, true>({
  id: anyId().required(),
  user_id: idOf('usr').required(),
});

/** @throws AppError RESOURCE_NOT_FOUND when the user may not read it, and for a tombstone. */
async function reportable(
  ctx: Context,
  messageId: string,
  userId: string,
  rooms: string[] | undefined,
): Promise<{ sender_id: string }> {
  const { row } = await readableMessage(ctx.reads, messageId, userId);
  if (row.is_deleted || !isWithin({ rooms }, row.room_id)) throw notFound('Message');
  return { sender_id: row.sender_id };
}

const AROUND = 10;

/** @throws AppError RESOURCE_NOT_FOUND */
async function contextOf(ctx: Context, id: string) {
  const messages = await messagesAround(ctx.db, id, AROUND);
  if (messages.length === 0) throw notFound('Message');
  return {
    messages,
    users: await usersShown(
      ctx,
      messages.map(({ sender_id }) => sender_id),
    ),
  };
}

const allSearch = Joi.object<AllSearch>({
  q: Joi.string().max(200).required(),
  chat_id: roomId(),
  sender_id: idOf('usr'),
  from: timestamp(),
  to: timestamp(),
  ...paging<MessageKey>(messageKey()),
});

/** @throws AppError RESOURCE_NOT_FOUND */
async function deliveryOf(ctx: Context, id: string, userId: string) {
  const facts = await deliveryFacts(ctx.db, id, userId);
  if (facts === undefined) throw notFound('Message');
  return facts;
}

const muteParams = Joi.object<{ id: string; user_id: string }, true>({
  id: roomId().required(),
  user_id: idOf('usr').required(),
});
const muteBody = Joi.object<StaffMute>({
  actor_id: anyId().required(),
  role: Joi.string<Role>().valid('moderator', 'admin').required(),
  ip: Joi.string().allow('').required(),
  until: Joi.string().allow(null).required(),
});

export const moderationRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/internal/messages/:id/seen-by/:user_id',
    summary: 'Get the sender of a message that a user may read',
    who: ['admin'],
    params: seenBy,
    // Separated by commas: they limit a bot's token.
    query: Joi.object<{ rooms?: string }>({ rooms: Joi.string().allow('') }),
    rule: (ctx: Context, { params, query }) => reportable(ctx, params.id, params.user_id, query.rooms?.split(',')),
  }),
  route({
    method: 'get',
    path: '/internal/messages/:id/context',
    summary: 'Get a message with those before and after it',
    who: ['admin'],
    params: idParams,
    rule: (ctx: Context, { params }) => contextOf(ctx, params.id),
  }),
  route({
    method: 'get',
    path: '/internal/messages/search',
    summary: 'Search the messages of all rooms for an admin',
    who: ['admin'],
    query: allSearch,
    rule: (ctx: Context, { query }) => searchAllMessages(ctx, query),
  }),
  route({
    method: 'get',
    path: '/internal/messages/:id/delivery/:user_id',
    summary: 'Get what is known of the way of a message to a user',
    who: ['admin'],
    params: seenBy,
    rule: (ctx: Context, { params }) => deliveryOf(ctx, params.id, params.user_id),
  }),
  route({
    method: 'put',
    path: '/internal/rooms/:id/members/:user_id/mute',
    summary: 'Mute a member on behalf of staff',
    who: ['admin'],
    params: muteParams,
    body: muteBody,
    rule: (ctx: Context, { params, body, request_id }) =>
      muteForStaff(ctx, { ...body, request_id }, params.id, params.user_id),
  }),
  route({
    method: 'post',
    path: '/internal/messages/by-ids',
    summary: 'Get reported messages by ids',
    who: ['admin'],
    body: Joi.object<{ ids: string[] }>({ ids: Joi.array().items(idOf('msg')).max(100).required() }),
    rule: async (ctx: Context, { body }) => ({ messages: await reportedMessages(ctx.db, body.ids) }),
  }),
  route({
    method: 'post',
    path: '/internal/rooms/states',
    summary: 'List room states, by ids or page by page',
    who: ['admin'],
    body: Joi.object<{ ids?: string[]; after: string; limit: number }>({
      ids: Joi.array().items(Joi.string()).max(1000),
      after: Joi.string().allow('').default(''),
      limit: Joi.number().integer().min(1).max(1000).default(1000),
    }),
    rule: async (ctx: Context, { body }) => ({ states: await roomStates(ctx.db, body) }),
  }),
  route({
    method: 'get',
    path: '/internal/message-counts',
    summary: 'Count messages at one moment',
    who: ['admin'],
    rule: (ctx: Context) => countMessages(ctx.db),
  }),
];
