// Internal routes of incoming webhooks, for the integration service.
import { idOf, newCustom, type Route, roomId, route } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import Joi from 'joi';
import { clientId, content } from '../content-field.ts';
import type { Context } from '../context.ts';
import {
  admitHookBot,
  type HookMember,
  type HookMessage,
  type HookRights,
  postHookMessage,
  removeHookBot,
  requireHookRights,
} from '../incoming-webhooks/incoming-webhook-bots.ts';

const rights = Joi.object<HookRights>({
  room_id: roomId().required(),
  user_id: idOf('usr').required(),
  role: Joi.string<Role>().valid('user', 'moderator', 'admin').required(),
  rooms: Joi.array().items(Joi.string()),
});
const member = { room_id: roomId().required(), bot_id: idOf('usr').required() };
const message = Joi.object<HookMessage>({
  ...member,
  content: content().required(),
  client_id: clientId(),
  custom: newCustom(),
});

export const incomingWebhookRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/internal/hook-rights',
    summary: 'Check whether a user may manage the incoming webhooks of a room',
    who: ['integration'],
    body: rights,
    rule: (ctx: Context, { body }) => requireHookRights(ctx, body),
  }),
  route({
    method: 'post',
    path: '/internal/hook-members',
    summary: 'Make the bot of an incoming webhook a member of its room',
    who: ['integration'],
    body: Joi.object<HookMember>(member),
    rule: (ctx: Context, { body }) => admitHookBot(ctx, body),
  }),
  route({
    method: 'post',
    path: '/internal/hook-members/remove',
    summary: 'Remove the bot of an incoming webhook from its room',
    who: ['integration'],
    body: Joi.object<HookMember>(member),
    rule: (ctx: Context, { body }) => removeHookBot(ctx, body),
  }),
  route({
    method: 'post',
    path: '/internal/hook-messages',
    summary: 'Send a message of an incoming webhook',
    who: ['integration'],
    body: message,
    rule: (ctx: Context, { body }) => postHookMessage(ctx, body),
  }),
];
