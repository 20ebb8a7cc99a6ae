// For the integration service: incoming webhooks, and the settings of the hook before messages.
import { idOf, type Route, roomId, route } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import Joi from 'joi';
import type { Hook, HookState } from '../before-message/hook-store.ts';
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
} from '../hooks/hook-bots.ts';

const rights = Joi.object<HookRights>({
  room_id: roomId().required(),
  user_id: idOf('usr').required(),
  role: Joi.string<Role>().valid('user', 'moderator', 'admin').required(),
  rooms: Joi.array().items(Joi.string()),
});
const member = { room_id: roomId().required(), bot_id: idOf('usr').required() };
const message = Joi.object<HookMessage>({ ...member, content: content().required(), client_id: clientId() });

const hook = Joi.object<Hook>({
  timeout_ms: Joi.number().integer().min(1).required(),
  on_failure: Joi.string<Hook['on_failure']>().valid('accept', 'reject').required(),
  rooms: Joi.array().items(Joi.string()).allow(null).required(),
});
const hookState = Joi.object<HookState>({
  revision: Joi.number().integer().min(1).required(),
  hook: hook.allow(null).required(),
});

export const hookRoutes: Route<Context>[] = [
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
  route({
    method: 'post',
    path: '/internal/before-message-hook',
    summary: 'Replace the settings of the hook before messages, unless they are older',
    who: ['integration'],
    body: hookState,
    rule: (ctx: Context, { body }) => ctx.beforeMessage.replace(body),
  }),
];
