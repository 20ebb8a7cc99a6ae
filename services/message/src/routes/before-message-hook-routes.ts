// The settings of the hook before messages, told by the integration service.
import { type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Hook, HookState } from '../before-message/hook-store.ts';
import type { Context } from '../context.ts';

const hook = Joi.object<Hook>({
  timeout_ms: Joi.number().integer().min(1).required(),
  on_failure: Joi.string<Hook['on_failure']>().valid('accept', 'reject').required(),
  rooms: Joi.array().items(Joi.string()).allow(null).required(),
});
const hookState = Joi.object<HookState>({
  revision: Joi.number().integer().min(1).required(),
  hook: hook.allow(null).required(),
});

export const beforeMessageHookRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/internal/before-message-hook',
    summary: 'Replace the settings of the hook before messages, unless they are older',
    who: ['integration'],
    body: hookState,
    rule: (ctx: Context, { body }) => ctx.beforeMessage.replace(body),
  }),
];
