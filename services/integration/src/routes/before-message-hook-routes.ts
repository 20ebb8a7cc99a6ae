import { boundedList, type Route, roomId, route } from '@chatapi/kit';
import Joi from 'joi';
import { hookSchema, putHook, removeHook, showHook } from '../before-message/hook.ts';
import type { HookInput } from '../before-message/hook-store.ts';
import type { Context } from '../context.ts';

const shared = { tag: 'Webhooks', who: 'admin', scope: 'webhooks:write', path: '/admin/hooks/before-message' } as const;

const input = Joi.object<HookInput>({
  url: Joi.string().max(2048).required().description('http or https; globally reachable'),
  timeout_ms: Joi.number().integer().min(50).max(1000).default(500),
  on_failure: Joi.string<HookInput['on_failure']>()
    .valid('accept', 'reject')
    .required()
    .description('what becomes of messages while it does not answer'),
  rooms: boundedList(1000, roomId()).min(1).unique().allow(null).default(null).description('only these; default: all'),
});

export const beforeMessageHookRoutes: Route<Context>[] = [
  route<Context, Record<string, string>, Record<string, unknown>, HookInput>({
    ...shared,
    method: 'put',
    summary: 'Set the hook that is asked before a message or an edit is taken',
    body: input,
    example: { url: 'https://example.com/judge', timeout_ms: 500, on_failure: 'accept' },
    answer: hookSchema,
    rule: putHook,
  }),
  route({
    ...shared,
    method: 'get',
    summary: 'Get the hook that is asked before a message or an edit is taken',
    answer: hookSchema,
    errors: [404],
    rule: showHook,
  }),
  route({
    ...shared,
    method: 'delete',
    summary: 'Delete the hook: messages are taken unasked',
    errors: [404],
    rule: removeHook,
  }),
];
