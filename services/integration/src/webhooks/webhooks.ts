// Webhooks by admins, and by application keys with `webhooks:write`.
import { randomUUID } from 'node:crypto';
import { askComparison, type Lag, lagOf, retryNow } from '@chatapi/bus';
import { AppError, type IdPaging, newId, notFound, type PageInfo, page } from '@chatapi/kit';
import type { Context } from '../context.ts';
import { recordAudit, type StaffCall } from './audit.ts';
import { type DeliveryFilter, type DeliveryRow, listDeliveries } from './delivery-store.ts';
import type { EventType } from './event-types.ts';
import { post, TEST_TIMEOUT_MS } from './post.ts';
import { newSecret } from './sign.ts';
import type { Webhook } from './webhook.ts';
import {
  BY_HAND,
  changeSecret,
  deleteWebhook,
  findWebhook,
  insertWebhook,
  listWebhooks,
  updateWebhook,
  type WebhookChanges,
  type WebhookRow,
} from './webhook-store.ts';

const MAX_WEBHOOKS = 50;

export interface WebhookInput {
  url: string;
  description: string;
  events: EventType[];
  rooms?: string[];
  start: 'now' | 'beginning';
}

type View = Omit<Webhook, 'last_success_at' | 'created_at' | 'updated_at'> &
  Pick<WebhookRow, 'last_success_at' | 'created_at' | 'updated_at'>;

function viewOf(row: WebhookRow, lags: Lag[]): View {
  const { from_ms: _, secret: __, secret_before: ___, secret_before_until: ____, delivered, failed, ...shown } = row;
  const lag = lags.find(({ follower }) => follower === row.id);
  return {
    ...shown,
    lag: { events: lag?.events ?? 0, seconds: Math.round(lag?.seconds ?? 0) },
    deliveries: { delivered, failed },
  };
}

async function required(row: Promise<WebhookRow | undefined>): Promise<WebhookRow> {
  const found = await row;
  if (found === undefined) throw notFound('Webhook');
  return found;
}

const shownOne = async (ctx: Context, row: WebhookRow): Promise<View> => viewOf(row, await lagOf(ctx.db, [row.id]));

/** After a change: it holds on this instance at once, on others within half a second. */
function changed(ctx: Context): void {
  ctx.facts.nudge();
  ctx.followers.nudge();
}

export async function createWebhook(
  ctx: Context,
  call: StaffCall,
  { start, rooms = undefined, ...input }: WebhookInput,
): Promise<View & { secret: string }> {
  await ctx.egress.check(input.url, 'url');
  // From here on the log tells what moves. What it told before the webhook is there is found by
  // the comparison.
  const { now } = await ctx.source.renew(true);
  const secret = newSecret();
  const id = newId('whk');
  const from_ms = start === 'beginning' ? 0 : now;
  const row = await ctx.db.transaction(async (trx) => {
    const created_by = call.caller.user_id;
    const fields = { ...input, id, rooms: rooms ?? null, from_ms, secret, status: 'active', created_by } as const;
    const inserted = await insertWebhook(trx, fields, MAX_WEBHOOKS);
    if (inserted === undefined)
      throw new AppError('CONFLICT', `There are ${MAX_WEBHOOKS} webhooks already`, { details: { reason: 'limit' } });
    await askComparison(trx, from_ms);
    await recordAudit(trx, call, 'webhook.create', id, { ...input, rooms: rooms ?? null, start });
    return inserted;
  });
  changed(ctx);
  return { ...(await shownOne(ctx, row)), secret };
}

export async function showWebhooks(ctx: Context, query: IdPaging): Promise<{ webhooks: View[] } & PageInfo> {
  const rows = await listWebhooks(ctx.db, { ...query, limit: query.limit + 1 });
  const { webhooks, ...info } = page('webhooks', rows, query.limit, ({ id }) => [id]);
  const lags = await lagOf(
    ctx.db,
    webhooks.map(({ id }) => id),
  );
  return { webhooks: webhooks.map((row) => viewOf(row, lags)), ...info };
}

export const showWebhook = async (ctx: Context, id: string): Promise<View> =>
  await shownOne(ctx, await required(findWebhook(ctx.db, id)));

async function change(
  ctx: Context,
  call: StaffCall,
  id: string,
  action: string,
  changes: WebhookChanges,
  resumes = false,
): Promise<View> {
  const row = await ctx.db.transaction(async (trx) => {
    const updated = await required(updateWebhook(trx, id, changes));
    if (resumes) await retryNow(trx, id);
    await recordAudit(trx, call, action, id, { ...changes });
    return updated;
  });
  changed(ctx);
  return await shownOne(ctx, row);
}

export async function putWebhook(ctx: Context, call: StaffCall, id: string, changes: WebhookChanges): Promise<View> {
  if (changes.url !== undefined) await ctx.egress.check(changes.url, 'url');
  return await change(ctx, call, id, 'webhook.update', changes);
}

export const pauseWebhook = (ctx: Context, call: StaffCall, id: string): Promise<View> =>
  change(ctx, call, id, 'webhook.pause', { status: 'paused', paused_reason: BY_HAND });

export const resumeWebhook = (ctx: Context, call: StaffCall, id: string): Promise<View> =>
  change(ctx, call, id, 'webhook.resume', { status: 'active', paused_reason: null }, true);

export async function removeWebhook(ctx: Context, call: StaffCall, id: string): Promise<void> {
  await ctx.db.transaction(async (trx) => {
    if (!(await deleteWebhook(trx, id))) throw notFound('Webhook');
    await recordAudit(trx, call, 'webhook.delete', id, {});
  });
  changed(ctx);
}

export async function rotateSecret(ctx: Context, call: StaffCall, id: string): Promise<{ secret: string }> {
  const secret = newSecret();
  await ctx.db.transaction(async (trx) => {
    if (!(await changeSecret(trx, id, secret))) throw notFound('Webhook');
    await recordAudit(trx, call, 'webhook.rotate_secret', id, {});
  });
  changed(ctx);
  return { secret };
}

export interface TestResult {
  status: number | null;
  duration_ms: number;
  error: string | null;
}

/** Outside of the log: nothing waits for it, and it waits for nothing. */
export async function testWebhook(ctx: Context, call: StaffCall, id: string): Promise<TestResult> {
  const row = await required(findWebhook(ctx.db, id));
  await ctx.db.transaction((trx) => recordAudit(trx, call, 'webhook.test', id, {}));
  ctx.facts.nudge();
  const body = JSON.stringify({ type: 'test', timestamp: new Date().toISOString(), data: { webhook_id: id } });
  const event = { id: `test:${randomUUID()}`, body };
  const { status, duration_ms, error } = await post(ctx.egress, row, event, TEST_TIMEOUT_MS);
  return { status, duration_ms, error };
}

export async function showDeliveries(
  ctx: Context,
  id: string,
  query: DeliveryFilter,
): Promise<{ deliveries: Omit<DeliveryRow, 'webhook_id'>[] } & PageInfo> {
  await required(findWebhook(ctx.db, id));
  const rows = await listDeliveries(ctx.db, id, { ...query, limit: query.limit + 1 });
  const shown = rows.map(({ webhook_id: _, ...delivery }) => delivery);
  return page('deliveries', shown, query.limit, (row) => [row.id]);
}
