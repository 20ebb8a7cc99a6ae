// What a webhook does with an item of the log: the handler of a follower.
import type { Outcome, Task } from '@chatapi/bus';
import { newId } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { Egress } from '@chatapi/kit/egress';
import { FACTS_ROOM } from '../facts-log/facts-log-store.ts';
import { insertDeliveries, type NewDelivery } from './delivery-store.ts';
import { eventOf, type SentEvent, typeOf } from './event-body.ts';
import type { KnownWebhooks } from './known-webhooks.ts';
import { type PostResult, post } from './post.ts';
import type { Status } from './webhook.ts';
import { countDeliveries, endWebhook, type Tally, type WebhookRow } from './webhook-store.ts';

const S = 1000;
const RETRY_MS = [1 * S, 5 * S, 30 * S, 120 * S, 600 * S, 1800 * S];
const LATER_MS = 3600 * S;
const SPREAD = 0.2;
const PAUSE_AFTER_MS = 3 * 86_400 * S;
const GONE = 410;

/** A delivery, and what ends with it. */
export interface Effect {
  delivery: NewDelivery;
  ends?: { status: Status; reason: string };
}

export interface DeliverContext {
  egress: Egress;
  known: Pick<KnownWebhooks, 'get' | 'stop'>;
  observe(result: PostResult, delivered: boolean, at: number): void;
}

/** @param attempt how many failed before. */
export function retryIn(attempt: number, { retry_after_ms }: Pick<PostResult, 'retry_after_ms'>): number {
  if (retry_after_ms !== undefined) return Math.max(retry_after_ms, RETRY_MS[0] as number);
  const ms = RETRY_MS[attempt] ?? LATER_MS;
  return ms * (1 - SPREAD + 2 * SPREAD * Math.random());
}

const wants = ({ events, rooms }: WebhookRow, room: string, type: string): boolean =>
  (events.includes('*') || type === 'gap' || (events as string[]).includes(type)) &&
  (rooms === null || room === FACTS_ROOM || rooms.includes(room));

const deliveryOf = (task: Task, event: SentEvent, result: PostResult, status: NewDelivery['status']): NewDelivery => ({
  id: newId('dlv'),
  webhook_id: task.follower,
  event_id: event.id,
  type: event.type,
  chat_id: event.chat_id,
  seq: event.chat_id === null ? null : event.seq,
  attempt: task.attempt + 1,
  status,
  duration_ms: result.duration_ms,
  http_status: result.status,
  response_body: result.response_body,
  error: result.error ?? (status === 'delivered' ? null : `answered ${result.status}`),
});

function afterFailure(task: Task, event: SentEvent, result: PostResult): Outcome<Effect> {
  const end = (status: Status, reason: string): Outcome<Effect> => ({
    kind: 'stopped',
    effect: { delivery: deliveryOf(task, event, result, 'failed'), ends: { status, reason } },
  });
  if (result.status === GONE) return end('disabled', 'The receiver answered 410 Gone');
  const since = task.failing_since?.getTime() ?? Date.now();
  if (Date.now() - since > PAUSE_AFTER_MS)
    return end('paused', `${event.type} ${event.id} failed for 3 days: ${result.error ?? `answered ${result.status}`}`);
  const effect = { delivery: deliveryOf(task, event, result, 'pending') };
  return { kind: 'again', inMs: retryIn(task.attempt, result), effect };
}

const isSuccess = ({ status }: PostResult): boolean => status !== null && status >= 200 && status < 300;

export async function deliver(ctx: DeliverContext, task: Task): Promise<Outcome<Effect>> {
  const webhook = ctx.known.get(task.follower);
  if (webhook?.status !== 'active') return { kind: 'stopped' };
  if (!wants(webhook, task.room, typeOf(task.item))) return { kind: 'passed' };
  const event = eventOf(task.room, task.item);
  const result = await post(ctx.egress, webhook, event);
  const delivered = isSuccess(result);
  ctx.observe(result, delivered, task.item.kind === 'event' && task.attempt === 0 ? task.item.at : 0);
  if (delivered) return { kind: 'done', effect: { delivery: deliveryOf(task, event, result, 'delivered') } };
  const outcome = afterFailure(task, event, result);
  if (outcome.kind === 'stopped') ctx.known.stop(webhook.id);
  return outcome;
}

function tallies(effects: Effect[]): Tally[] {
  return [...Map.groupBy(effects, ({ delivery }) => delivery.webhook_id)].map(([id, list]) => {
    const failures = list.filter(({ delivery }) => delivery.status !== 'delivered').map(({ delivery }) => delivery);
    const last = failures.at(-1);
    const failure = last && {
      at: new Date().toISOString(),
      type: last.type,
      chat_id: last.chat_id,
      seq: last.seq,
      status: last.http_status,
      error: last.error,
    };
    return { id, delivered: list.length - failures.length, failed: failures.length, failure: failure ?? null };
  });
}

/** In the transaction that moves the positions. */
export async function recordEffects(trx: Knex, effects: Effect[]): Promise<void> {
  if (effects.length === 0) return;
  await countDeliveries(trx, tallies(effects));
  await insertDeliveries(
    trx,
    effects.map(({ delivery }) => delivery),
  );
  for (const { delivery, ends } of effects)
    if (ends !== undefined) await endWebhook(trx, delivery.webhook_id, ends.status, ends.reason);
}
