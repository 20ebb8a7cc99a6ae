import type { Follower } from '@chatapi/bus';
import type { IdPaging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { EventType } from './event-types.ts';
import type { Status, Webhook } from './webhook.ts';

export interface WebhookRow
  extends Pick<
    Webhook,
    'id' | 'url' | 'description' | 'events' | 'rooms' | 'status' | 'paused_reason' | 'last_failure' | 'created_by'
  > {
  from_ms: number;
  secret: string;
  secret_before: string | null;
  secret_before_until: Date | null;
  delivered: number;
  failed: number;
  last_success_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

export const readWebhooks = async (db: Knex): Promise<WebhookRow[]> => await db<WebhookRow>('webhooks').select('*');

export const toFollower = ({ id, from_ms, rooms, status }: WebhookRow): Follower => ({
  id,
  from: from_ms,
  rooms,
  active: status === 'active',
});

export const followersOf = async (db: Knex): Promise<Follower[]> => (await readWebhooks(db)).map(toFollower);

export type InsertedWebhook = Pick<
  WebhookRow,
  'id' | 'url' | 'description' | 'events' | 'rooms' | 'from_ms' | 'secret' | 'status' | 'created_by'
>;

/** @returns undefined when there are as many as there may be. */
export async function insertWebhook(
  trx: Knex,
  webhook: InsertedWebhook,
  most: number,
): Promise<WebhookRow | undefined> {
  await trx.raw('lock table webhooks in share row exclusive mode');
  const { rows } = await trx.raw<{ rows: [{ n: number }] }>('select count(*) n from webhooks');
  if (rows[0].n >= most) return undefined;
  return (await trx('webhooks').insert(webhook).returning('*'))[0];
}

export const findWebhook = async (db: Knex, id: string): Promise<WebhookRow | undefined> =>
  await db<WebhookRow>('webhooks').where({ id }).first();

/** Newest first. */
export const listWebhooks = async (db: Knex, { limit, skip, cursor }: IdPaging): Promise<WebhookRow[]> =>
  await db<WebhookRow>('webhooks')
    .modify((query) => void (cursor && query.where('id', '<', cursor[0])))
    .orderBy('id', 'desc')
    .limit(limit)
    .offset(skip);

export interface WebhookChanges {
  url?: string;
  description?: string;
  events?: EventType[];
  rooms?: string[] | null;
  status?: Status;
  paused_reason?: string | null;
}

export async function updateWebhook(trx: Knex, id: string, changes: WebhookChanges): Promise<WebhookRow | undefined> {
  const updated = { ...changes, updated_at: trx.raw('clock_timestamp()') };
  return (await trx('webhooks').where({ id }).update(updated).returning('*'))[0];
}

export const deleteWebhook = async (trx: Knex, id: string): Promise<boolean> =>
  (await trx('webhooks').where({ id }).delete()) > 0;

/** The secret before signs for another day. */
export async function changeSecret(trx: Knex, id: string, secret: string): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    `update webhooks set secret_before = secret, secret_before_until = clock_timestamp() + interval '24 hours', secret = ?,
       updated_at = clock_timestamp() where id = ?`,
    [secret, id],
  );
  return rowCount === 1;
}

/** Only from `active`: what an admin did meanwhile stays. */
export async function endWebhook(trx: Knex, id: string, status: Status, reason: string): Promise<void> {
  await trx.raw(
    `update webhooks set status = ?, paused_reason = ?, updated_at = clock_timestamp() where id = ? and status = 'active'`,
    [status, reason, id],
  );
}

export const BY_HAND = 'Paused by hand';

export async function countStopped(db: Knex): Promise<number> {
  const { rows } = await db.raw<{ rows: [{ n: number }] }>(
    `select count(*) n from webhooks where status = 'disabled' or (status = 'paused' and paused_reason <> ?)`,
    [BY_HAND],
  );
  return rows[0].n;
}

export interface Tally {
  id: string;
  delivered: number;
  failed: number;
  failure: Webhook['last_failure'];
}

/** In a fixed order, so that two transactions lock the rows alike. */
export async function countDeliveries(trx: Knex, tallies: Tally[]): Promise<void> {
  for (const { id, delivered, failed, failure } of tallies.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
    await trx.raw(
      `update webhooks set delivered = delivered + ?, failed = failed + ?,
         last_success_at = case when ? > 0 then clock_timestamp() else last_success_at end,
         last_failure = coalesce(?::jsonb, last_failure) where id = ?`,
      [delivered, failed, delivered, failure === null ? null : JSON.stringify(failure), id],
    );
}
