import { anyId, type IdPaging, idPaging, type Route, roomId, route, text } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { createIncoming, removeIncoming, showIncoming } from '../incoming/incoming.ts';
import { incomingWebhookList, newIncomingWebhookSchema, postedMessageSchema } from '../incoming/incoming-webhook.ts';
import { type IncomingMessage, incomingMessageSchema, postIncoming, readIncoming } from '../incoming/post-message.ts';

const shared = { tag: 'Webhooks', who: 'user', scope: 'rooms:write' } as const;
const newHook = Joi.object<{ name: string }>({ name: text({ min: 1, max: 64, singleLine: true }).required() });
const params = Joi.object<{ id: string }, true>({ id: roomId().required() });
const hookParams = Joi.object<{ id: string; hook_id: string }, true>({
  id: roomId().required(),
  hook_id: anyId().required(),
});
const postParams = Joi.object<{ id: string; secret: string }, true>({
  id: anyId().required(),
  secret: anyId().required(),
});

export const incomingRoutes: Route<Context>[] = [
  route({
    ...shared,
    method: 'post',
    path: '/rooms/:id/incoming-webhooks',
    summary: 'Create an incoming webhook; for owners and moderators of the room',
    params,
    body: newHook,
    example: { name: 'Builds' },
    answer: newIncomingWebhookSchema,
    status: 201,
    errors: [409],
    rule: createIncoming,
  }),
  route({
    ...shared,
    method: 'get',
    path: '/rooms/:id/incoming-webhooks',
    summary: 'List incoming webhooks of a room, newest first, without their URLs',
    params,
    query: Joi.object<IdPaging>(idPaging()),
    answer: incomingWebhookList,
    rule: showIncoming,
  }),
  route({
    ...shared,
    method: 'delete',
    path: '/rooms/:id/incoming-webhooks/:hook_id',
    summary: 'Delete an incoming webhook; its messages stay',
    params: hookParams,
    rule: removeIncoming,
  }),
  route<Context, { id: string; secret: string }, Record<string, unknown>, IncomingMessage>({
    method: 'post',
    path: '/hooks/:id/:secret',
    summary: 'Send a message by an incoming webhook',
    description:
      'JSON, or a form with JSON in `payload`, as for Slack; other fields are ignored. ' +
      'One message per second, ten at once; 64 KiB.',
    tag: 'Webhooks',
    who: 'anyone',
    scope: 'none',
    params: postParams,
    form: true,
    body: incomingMessageSchema as Joi.ObjectSchema,
    example: { content: 'Build 42 is green', username: 'CI', custom: { build: 42 } },
    readBody: readIncoming,
    answer: postedMessageSchema,
    status: 201,
    repeatStatus: 200,
    errors: [403, 404, 409],
    rule: (ctx, { params, body, request_id }) => postIncoming(ctx, params, body, request_id),
  }),
];
