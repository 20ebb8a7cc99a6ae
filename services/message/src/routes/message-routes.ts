import {
  anyId,
  count,
  cursorKey,
  customPatch,
  idOf,
  idParams,
  type Json,
  type Paging,
  pageFields,
  paging,
  type Route,
  roomId,
  route,
  time,
  wireList,
  wireObject,
} from '@chatapi/kit';
import Joi from 'joi';
import { content } from '../content-field.ts';
import type { Context } from '../context.ts';
import { messageSchema } from '../log/message.ts';
import { userSummary } from '../log/user-summary.ts';
import { deleteMessage, type Edit, editMessage } from '../messages/edit-delete.ts';
import { listMessages, type Page, readMessage } from '../messages/history.ts';
import { historyQuery } from '../messages/history-query.ts';
import { type MessageKey, messageKey } from '../messages/message-cursor.ts';
import {
  addUserReaction,
  listReactors,
  type ReactorKey,
  removeUserReaction,
  type ShownReactor,
} from '../messages/reactions.ts';
import { shownUsers } from '../people/shown-users.ts';
import { type SearchQuery, search } from '../search/search.ts';
import { postMessage } from '../sending/post-messages.ts';
import { type SendBody, sendBody } from '../sending/send-body.ts';

const messageList = wireObject<Page>(
  'MessageList',
  { messages: Joi.array().items(messageSchema), users: shownUsers(), ...pageFields() },
  { last_seq: count().description('only when one room was requested') },
);

const searchQuery = Joi.object<SearchQuery>({
  q: Joi.string()
    .max(200)
    .custom((value: string, h) => (value.isWellFormed() && !value.includes('\0') ? value : h.error('any.invalid')))
    .required()
    .example('hello')
    .description('words, `"a phrase"`, `-unwanted`; the last word may be unfinished'),
  chat_id: roomId(),
  ...paging<MessageKey>(messageKey()),
});

const edit = Joi.object<Edit & { is_edited?: boolean }>({
  content: content(),
  custom: customPatch(),
  is_edited: Joi.boolean(),
}).or('content', 'custom');
const params = idParams;
// The rule validates the emoji.
const reactionParams = Joi.object<{ id: string; emoji: string }, true>({
  id: anyId().required(),
  emoji: Joi.string().required(),
});
const reactorQuery = Joi.object<Paging<ReactorKey>>(paging(cursorKey(idOf('usr'))));
const reactor = wireObject<Json<ShownReactor>>('Reactor', {
  user_id: Joi.string(),
  created_at: time().description('of the reaction'),
  user: userSummary.allow(null).description('null: deleted'),
});
const reactorList = wireList('ReactorList', 'users', reactor);
const tag = 'Messages';
const who = 'user' as const;

export const messageRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/messages',
    summary: 'List messages of a room, a direct conversation or all rooms of the caller',
    tag,
    who,
    scope: 'messages:read',
    query: historyQuery,
    answer: messageList,
    errors: [404],
    rule: (ctx: Context, { caller, query }) => listMessages(ctx, caller, query),
  }),
  route({
    method: 'post',
    path: '/messages',
    summary: 'Send a message; a retry with the same client_id returns 200 and the first message',
    tag,
    who,
    scope: 'messages:write',
    unrecorded: true,
    body: sendBody as Joi.ObjectSchema<SendBody>,
    example: { chat_id: 'general', content: 'Hello everyone!', client_id: 'my-first-message', custom: { order: 4711 } },
    answer: messageSchema,
    status: 201,
    repeatStatus: 200,
    errors: [404, 409],
    rule: (ctx: Context, { caller, body, headers }) => postMessage(ctx, caller, body, headers['idempotency-key']),
  }),
  route({
    method: 'get',
    path: '/messages/search',
    summary: 'Search messages',
    tag,
    who,
    scope: 'messages:read',
    query: searchQuery,
    answer: messageList,
    errors: [404],
    rule: (ctx: Context, { caller, query }) => search(ctx, caller, query),
  }),
  route({
    method: 'get',
    path: '/messages/:id',
    summary: 'Get a message',
    tag,
    who,
    scope: 'messages:read',
    params,
    answer: messageSchema,
    rule: (ctx: Context, { caller, params }) => readMessage(ctx, caller, params.id),
  }),
  route({
    method: 'put',
    path: '/messages/:id',
    summary: 'Edit the text or `custom` of a message; only its sender',
    description: 'At least one of `content` and `custom`. What is not given stays.',
    tag,
    who,
    scope: 'messages:write',
    unrecorded: true,
    params,
    body: edit,
    example: { content: 'Hello all!', custom: { order: null } },
    answer: messageSchema,
    errors: [409],
    rule: (ctx: Context, { caller, params, body }) => editMessage(ctx, caller, params.id, body),
  }),
  route({
    method: 'delete',
    path: '/messages/:id',
    summary: 'Delete a message; allowed for its sender, room moderators and admins',
    tag,
    who,
    scope: 'messages:write',
    unrecorded: true,
    params,
    errors: [409],
    rule: (ctx: Context, { caller, params, request_id }) => deleteMessage(ctx, { ...caller, request_id }, params.id),
  }),
  route({
    method: 'put',
    path: '/messages/:id/reactions/:emoji',
    summary: 'Add a reaction',
    tag,
    who,
    scope: 'messages:write',
    unrecorded: true,
    params: reactionParams,
    errors: [409],
    rule: (ctx: Context, { caller, params }) => addUserReaction(ctx, caller, params.id, params.emoji),
  }),
  route({
    method: 'get',
    path: '/messages/:id/reactions/:emoji',
    summary: 'List who reacted with an emoji, in order of user id',
    tag,
    who,
    scope: 'messages:read',
    params: reactionParams,
    query: reactorQuery,
    answer: reactorList,
    rule: (ctx: Context, { caller, params, query }) => listReactors(ctx, caller, params.id, params.emoji, query),
  }),
  route({
    method: 'delete',
    path: '/messages/:id/reactions/:emoji',
    summary: 'Remove a reaction',
    tag,
    who,
    scope: 'messages:write',
    unrecorded: true,
    params: reactionParams,
    errors: [409],
    rule: (ctx: Context, { caller, params }) => removeUserReaction(ctx, caller, params.id, params.emoji),
  }),
];
