// Internal routes of the accounts of incoming webhooks.
import { idOf, type Route, route, text } from '@chatapi/kit';
import Joi from 'joi';
import { createHookBot, type HookBot, retireHookBot } from '../bots/incoming-webhook-bots.ts';
import type { Context } from '../context.ts';

const newBot = Joi.object<HookBot, true>({
  user_id: idOf('usr').required(),
  display_name: text({ min: 1, max: 64, singleLine: true }).required(),
});
const params = Joi.object<{ id: string }, true>({ id: idOf('usr').required() });

export const incomingWebhookBotRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/internal/hook-bots',
    summary: 'Create the account of an incoming webhook',
    who: ['integration'],
    body: newBot,
    rule: (ctx, { body }) => createHookBot(ctx, body),
  }),
  route({
    method: 'post',
    path: '/internal/hook-bots/:id/retire',
    summary: 'Deactivate the account of an incoming webhook that was deleted',
    who: ['integration'],
    params,
    rule: (ctx, { params }) => retireHookBot(ctx, params.id),
  }),
];
