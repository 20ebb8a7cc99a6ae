import {
  boundedList,
  characters,
  type IdPaging,
  idPaging,
  idParams,
  type Route,
  roomId,
  route,
  timestamp,
  wireObject,
} from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import type { DeliveryFilter } from '../webhooks/delivery-store.ts';
import { EVENT_TYPES, type EventType } from '../webhooks/event-types.ts';
import { type ReplayBody, replay } from '../webhooks/replay.ts';
import { deliveryList, newWebhookSchema, RESULTS, webhookList, webhookSchema } from '../webhooks/webhook.ts';
import type { WebhookChanges } from '../webhooks/webhook-store.ts';
import {
  createWebhook,
  pauseWebhook,
  putWebhook,
  removeWebhook,
  resumeWebhook,
  rotateSecret,
  showDeliveries,
  showWebhook,
  showWebhooks,
  type TestResult,
  testWebhook,
  type WebhookInput,
} from '../webhooks/webhooks.ts';

const shared = { tag: 'Webhooks', who: 'admin', scope: 'webhooks:write' } as const;

const url = () => Joi.string().max(2048).description('http or https; globally reachable');
const description = () => characters(1000).allow('');
const events = () =>
  Joi.array()
    .items(Joi.string<EventType>().valid(...EVENT_TYPES))
    .min(1)
    .max(EVENT_TYPES.length)
    .unique()
    .description('`*`: all, also those of later versions');
const rooms = () => boundedList(1000, roomId()).min(1).unique().description('only these; default: all');

const input = Joi.object<WebhookInput>({
  url: url().required(),
  description: description().default(''),
  events: events().required(),
  rooms: rooms(),
  start: Joi.string().valid('now', 'beginning').default('now').description('beginning: all that the log still has'),
});
const changes = Joi.object<WebhookChanges>({
  url: url(),
  description: description(),
  events: events(),
  rooms: rooms().allow(null),
}).min(1);
const replayBody = Joi.object<ReplayBody>({
  chat_id: roomId(),
  from_seq: Joi.number().integer().min(1).max(Number.MAX_SAFE_INTEGER),
  since: timestamp(),
})
  .xor('chat_id', 'since')
  .and('chat_id', 'from_seq');
const deliveryQuery = Joi.object<DeliveryFilter>({ status: Joi.string().valid(...RESULTS), ...idPaging() });
const secretAnswer = wireObject<{ secret: string }>('WebhookSecret', { secret: Joi.string() });
const testAnswer = wireObject<TestResult>('WebhookTest', {
  status: Joi.number().integer().allow(null).description('HTTP status of the answer; null: there was none'),
  duration_ms: Joi.number().integer(),
  error: Joi.string().allow(null),
});

export const webhookRoutes: Route<Context>[] = [
  route<Context, Record<string, string>, Record<string, unknown>, WebhookInput>({
    ...shared,
    method: 'post',
    path: '/admin/webhooks',
    summary: 'Create a webhook',
    body: input,
    example: { url: 'https://example.com/chat-events', events: ['*'] },
    answer: newWebhookSchema,
    status: 201,
    errors: [409],
    rule: (ctx, call) => createWebhook(ctx, call, call.body),
  }),
  route<Context, Record<string, string>, IdPaging>({
    ...shared,
    method: 'get',
    path: '/admin/webhooks',
    summary: 'List webhooks, newest first, without their secrets',
    query: Joi.object(idPaging()),
    answer: webhookList,
    rule: (ctx, { query }) => showWebhooks(ctx, query),
  }),
  route<Context, { id: string }>({
    ...shared,
    method: 'get',
    path: '/admin/webhooks/:id',
    summary: 'Get a webhook',
    params: idParams,
    answer: webhookSchema,
    rule: (ctx, { params }) => showWebhook(ctx, params.id),
  }),
  route<Context, { id: string }, Record<string, unknown>, WebhookChanges>({
    ...shared,
    method: 'put',
    path: '/admin/webhooks/:id',
    summary: 'Change a webhook',
    params: idParams,
    body: changes,
    example: { description: 'Search index' },
    answer: webhookSchema,
    rule: (ctx, call) => putWebhook(ctx, call, call.params.id, call.body),
  }),
  route<Context, { id: string }>({
    ...shared,
    method: 'delete',
    path: '/admin/webhooks/:id',
    summary: 'Delete a webhook and its deliveries',
    params: idParams,
    rule: (ctx, call) => removeWebhook(ctx, call, call.params.id),
  }),
  route<Context, { id: string }>({
    ...shared,
    method: 'post',
    path: '/admin/webhooks/:id/rotate-secret',
    summary: 'Replace the secret; both sign for 24 hours',
    params: idParams,
    answer: secretAnswer,
    rule: (ctx, call) => rotateSecret(ctx, call, call.params.id),
  }),
  route<Context, { id: string }>({
    ...shared,
    method: 'post',
    path: '/admin/webhooks/:id/pause',
    summary: 'Pause a webhook; nothing is lost',
    params: idParams,
    answer: webhookSchema,
    rule: (ctx, call) => pauseWebhook(ctx, call, call.params.id),
  }),
  route<Context, { id: string }>({
    ...shared,
    method: 'post',
    path: '/admin/webhooks/:id/resume',
    summary: 'Go on where a paused or disabled webhook stopped',
    params: idParams,
    answer: webhookSchema,
    rule: (ctx, call) => resumeWebhook(ctx, call, call.params.id),
  }),
  route<Context, { id: string }>({
    ...shared,
    method: 'post',
    path: '/admin/webhooks/:id/test',
    summary: 'Send a test event now, and tell what the receiver answered',
    params: idParams,
    answer: testAnswer,
    rule: (ctx, call) => testWebhook(ctx, call, call.params.id),
  }),
  route<Context, { id: string }, DeliveryFilter>({
    ...shared,
    method: 'get',
    path: '/admin/webhooks/:id/deliveries',
    summary: 'List deliveries, newest first: failures of 7 days, and the last 1,000 successes',
    params: idParams,
    query: deliveryQuery,
    answer: deliveryList,
    rule: (ctx, { params, query }) => showDeliveries(ctx, params.id, query),
  }),
  route<Context, { id: string }, Record<string, unknown>, ReplayBody>({
    ...shared,
    method: 'post',
    path: '/admin/webhooks/:id/replay',
    summary: 'Deliver again, from a seq of a room or from a time',
    params: idParams,
    body: replayBody,
    example: { since: '2026-01-01T00:00:00.000Z' },
    status: 202,
    rule: (ctx, call) => replay(ctx, call, call.params.id, call.body),
  }),
];
