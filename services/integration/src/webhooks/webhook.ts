// A webhook as admins see it.
import { anyText, count, idOf, oneOf, time, wireList, wireObject } from '@chatapi/kit';
import Joi from 'joi';
import { EVENT_TYPES, type EventType } from './event-types.ts';

const STATUSES = ['active', 'paused', 'disabled'] as const;
export type Status = (typeof STATUSES)[number];
export const RESULTS = ['delivered', 'failed', 'pending'] as const;
export type Result = (typeof RESULTS)[number];

interface Failure {
  at: string;
  type: string;
  chat_id: string | null;
  seq: number | null;
  status: number | null;
  error: string | null;
}

export interface Webhook {
  id: string;
  url: string;
  description: string;
  events: EventType[];
  rooms: string[] | null;
  status: Status;
  paused_reason: string | null;
  lag: { events: number; seconds: number };
  deliveries: { delivered: number; failed: number };
  last_success_at: string | null;
  last_failure: Failure | null;
  created_by: string;
  created_at: string;
  updated_at: string;
}

export interface Delivery {
  id: string;
  event_id: string;
  type: string;
  chat_id: string | null;
  seq: number | null;
  attempt: number;
  status: Result;
  http_status: number | null;
  duration_ms: number;
  response_body: string | null;
  error: string | null;
  created_at: string;
}

const eventType = () => oneOf(...EVENT_TYPES);
const code = () => Joi.number().integer().allow(null).description('HTTP status of the answer; null: there was none');
const seq = () => count().allow(null);
const chat_id = () => Joi.string().allow(null);

const failure = wireObject<Failure>('WebhookFailure', {
  at: time(),
  type: Joi.string(),
  chat_id: chat_id(),
  seq: seq(),
  status: code(),
  error: anyText().allow(null),
});

const fields = {
  id: Joi.string(),
  url: Joi.string(),
  description: anyText(),
  events: Joi.array().items(eventType()),
  rooms: Joi.array().items(Joi.string()).allow(null).description('null: all'),
  status: oneOf(...STATUSES).description('paused: by somebody or after 3 days of failures; disabled: it answered 410'),
  paused_reason: anyText().allow(null),
  lag: wireObject<Webhook['lag']>('WebhookLag', {
    events: count().description('events of its rooms, of any type, that it has not got'),
    seconds: count().description('for how long the one that waits longest has waited'),
  }),
  deliveries: wireObject<Webhook['deliveries']>('WebhookCounts', { delivered: count(), failed: count() }),
  last_success_at: time().allow(null),
  last_failure: failure.allow(null),
  created_by: Joi.string(),
  created_at: time(),
  updated_at: time(),
};

export const webhookSchema = wireObject<Webhook>('Webhook', fields);
export type NewWebhook = Webhook & { secret: string };
export const newWebhookSchema = wireObject<NewWebhook>('NewWebhook', {
  ...fields,
  secret: Joi.string().description('signs deliveries; shown only now'),
});
export const webhookList = wireList('WebhookList', 'webhooks', webhookSchema);

const deliverySchema = wireObject<Delivery>('Delivery', {
  id: idOf('dlv'),
  event_id: Joi.string().description('the header webhook-id'),
  type: Joi.string(),
  chat_id: chat_id(),
  seq: seq(),
  attempt: count().description('from 1'),
  status: oneOf(...RESULTS).description('pending: it failed and will be tried again'),
  http_status: code(),
  duration_ms: count(),
  response_body: anyText().allow(null).description('at most 2 KiB'),
  error: anyText().allow(null),
  created_at: time(),
});
export const deliveryList = wireList('DeliveryList', 'deliveries', deliverySchema);
