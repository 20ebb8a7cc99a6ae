import { type Paging, paging, type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { deleteMessage, editMessage } from './edits.ts';
import { listMessages, readMessage, search } from './history.ts';
import { historyQuery } from './history-query.ts';
import { postMessage } from './post.ts';
import { addOne, removeOne } from './reactions.ts';
import { content, type SendBody, sendBody } from './send-body.ts';
import { messageShape, messagesShape } from './shapes.ts';

const searchQuery = Joi.object<Paging & { q: string }>({
  q: Joi.string()
    .max(200)
    .custom((value: string, h) => (value.isWellFormed() && !value.includes('\0') ? value : h.error('any.invalid')))
    .required(),
  ...paging(),
});

const edit = Joi.object<{ content: string; is_edited?: boolean }>({
  content: content().required(),
  is_edited: Joi.boolean(),
});
const tag = 'messages';
const who = 'user' as const;

export const messageRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/messages',
    summary: 'Messages of a room, a conversation or all my rooms',
    tag,
    who,
    query: historyQuery,
    answer: messagesShape,
    rule: (ctx: Context, { caller, query }) => listMessages(ctx, caller, query),
  }),
  route({
    method: 'post',
    path: '/messages',
    summary: 'Send a message; a repeat with the same client_id answers 200 with the first',
    tag,
    who,
    body: sendBody as Joi.ObjectSchema<SendBody>,
    answer: messageShape,
    status: 201,
    rule: (ctx: Context, { caller, body, headers }) => postMessage(ctx, caller, body, headers['idempotency-key']),
  }),
  route({
    method: 'get',
    path: '/messages/search',
    summary: 'Full text in the rooms that I may read',
    tag,
    who,
    query: searchQuery,
    answer: messagesShape,
    rule: (ctx: Context, { caller, query }) => search(ctx, caller, query),
  }),
  route({
    method: 'get',
    path: '/messages/:id',
    summary: 'One message',
    tag,
    who,
    answer: messageShape,
    rule: (ctx: Context, { caller, params }) => readMessage(ctx, caller, params.id as string),
  }),
  route({
    method: 'put',
    path: '/messages/:id',
    summary: 'Edit my message',
    tag,
    who,
    body: edit,
    answer: messageShape,
    rule: (ctx: Context, { caller, params, body }) => editMessage(ctx, caller, params.id as string, body.content),
  }),
  route({
    method: 'delete',
    path: '/messages/:id',
    summary: 'Delete a message: its sender, the room’s moderators, admins',
    tag,
    who,
    rule: (ctx: Context, { caller, params, request_id }) =>
      deleteMessage(ctx, { ...caller, request_id }, params.id as string),
  }),
  route({
    method: 'put',
    path: '/messages/:id/reactions/:emoji',
    summary: 'React with an emoji',
    tag,
    who,
    rule: (ctx: Context, { caller, params }) => addOne(ctx, caller, params.id as string, params.emoji as string),
  }),
  route({
    method: 'delete',
    path: '/messages/:id/reactions/:emoji',
    summary: 'Take my reaction back',
    tag,
    who,
    rule: (ctx: Context, { caller, params }) => removeOne(ctx, caller, params.id as string, params.emoji as string),
  }),
];
