import type { IdPaging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { Delivery, Result } from './webhook.ts';

export type DeliveryRow = Omit<Delivery, 'created_at'> & { webhook_id: string; created_at: Date };
export type NewDelivery = Omit<DeliveryRow, 'created_at'>;

/** What was pending before of the same events has failed by now. */
export async function insertDeliveries(trx: Knex, deliveries: NewDelivery[]): Promise<void> {
  await trx.raw(
    `update deliveries d set status = 'failed' from unnest(?::text[], ?::text[]) as n(webhook_id, event_id)
     where d.webhook_id = n.webhook_id and d.event_id = n.event_id and d.status = 'pending'`,
    [deliveries.map(({ webhook_id }) => webhook_id), deliveries.map(({ event_id }) => event_id)],
  );
  // Of a webhook that was deleted meanwhile, nothing is kept.
  await trx.raw(
    `insert into deliveries (id, webhook_id, event_id, type, chat_id, seq, attempt, status, duration_ms, http_status, response_body, error)
     select n.* from jsonb_to_recordset(?::jsonb) as n(id text, webhook_id text, event_id text, type text, chat_id text, seq bigint,
       attempt int, status text, duration_ms int, http_status int, response_body text, error text)
     where exists (select from webhooks w where w.id = n.webhook_id for key share)`,
    [JSON.stringify(deliveries)],
  );
}

export interface DeliveryFilter extends IdPaging {
  status?: Result;
}

/** Newest first. */
export const listDeliveries = async (
  db: Knex,
  webhook_id: string,
  { limit, skip, cursor, status }: DeliveryFilter,
): Promise<DeliveryRow[]> =>
  await db<DeliveryRow>('deliveries')
    .where({ webhook_id, ...(status === undefined ? {} : { status }) })
    .modify((query) => void (cursor && query.where('id', '<', cursor[0])))
    .orderBy('id', 'desc')
    .limit(limit)
    .offset(skip);

const KEPT_SUCCESSES = 1000;
const MOST = 5000;

/** Failures of 7 days, and the last successes of each webhook. */
export async function forgetDeliveries(db: Knex, webhookIds: string[]): Promise<void> {
  await db.raw(`delete from deliveries where status <> 'delivered' and created_at < now() - interval '7 days'`);
  for (const id of webhookIds)
    await db.raw(
      `delete from deliveries where id = any(array(
         select id from deliveries where webhook_id = ? and status = 'delivered' and id < (
           select id from deliveries where webhook_id = ? and status = 'delivered' order by id desc offset ${KEPT_SUCCESSES} limit 1)
         limit ${MOST}))`,
      [id, id],
    );
}
