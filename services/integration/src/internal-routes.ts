import { type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import { type Asked, askHook } from './before-message/post-to-hook.ts';
import type { Context } from './context.ts';

const asked = Joi.object<Asked>({
  revision: Joi.number().integer().min(0).required(),
  messages: Joi.array().items(Joi.object().unknown()).min(1).max(100).required(),
});

export const internalRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/internal/before-message',
    summary: 'Ask the hook before messages',
    who: ['message'],
    body: asked,
    rule: (ctx: Context, { body }) => askHook(ctx, body),
  }),
];
