// A fact stays in the outbox until every subscribing service has settled it.
import type { Knex } from 'knex';
import { v7 } from 'uuid';
import { removeAccounts } from './erased-accounts-store.ts';
import { FACTS, type Fact, type FactName, type Facts } from './fact-types.ts';

const PREFIX = 'fact_';

export interface OutboxRow {
  id: string;
  name: FactName;
  payload: string;
  waiting_for: string[];
}

/** A fact's row without its payload, for callers that compute the payload in SQL. */
export const factColumns = (name: FactName): Omit<OutboxRow, 'payload'> => ({
  id: `${PREFIX}${v7().replaceAll('-', '')}`,
  name,
  waiting_for: [...FACTS[name].heard_by],
});

/** @throws Error when the payload does not match the catalog's schema. */
function outboxRow<N extends FactName>(name: N, payload: Facts[N]): OutboxRow {
  const { error } = FACTS[name].schema.validate(payload, { convert: false });
  if (error !== undefined) throw new Error(`fact ${name}: ${error.message}`);
  return { ...factColumns(name), payload: JSON.stringify(payload) };
}

/**
 * Publishes facts of one name in the transaction of their changes, by one statement. Without
 * subscribers nothing is written.
 */
export async function recordFacts<N extends FactName>(trx: Knex, name: N, payloads: Facts[N][]): Promise<void> {
  const { heard_by } = FACTS[name];
  if (payloads.length === 0 || heard_by.length === 0) return;
  const rows = payloads.map((payload) => outboxRow(name, payload));
  await trx.raw(
    `insert into outbox (id, name, payload, waiting_for)
     select id, ?, payload, cast(? as text[]) from unnest(cast(? as text[]), cast(? as jsonb[])) as f(id, payload)`,
    [name, [...heard_by], rows.map(({ id }) => id), rows.map(({ payload }) => payload)],
  );
}

/** Publishes a fact in the transaction of its change. Without subscribers nothing is written. */
export const recordFact = <N extends FactName>(trx: Knex, name: N, payload: Facts[N]): Promise<void> =>
  recordFacts(trx, name, [payload]);

/**
 * Deletes users' pending facts of these names, for erasure. Subscribers that got them get the
 * erasure too.
 */
export async function withdrawFacts(trx: Knex, names: readonly FactName[], userIds: string[]): Promise<void> {
  await trx.raw(`delete from outbox where name = any(?) and payload ->> 'user_id' = any(?)`, [[...names], userIds]);
  await removeAccounts(trx, 'outbox', userIds);
}

export type Offer = Fact & { waiting_for: string[] };

/** Marks and returns new facts, and facts offered `againAfterMs` ago and not settled by all. */
export async function takeOffers(db: Knex, limit: number, againAfterMs: number): Promise<Offer[]> {
  const { rows } = await db.raw<{ rows: Offer[] }>(
    `update outbox set offered_at = now() where id in (
       select id from outbox where offered_at is null or offered_at < now() - ? * interval '1 millisecond'
       order by id limit ? for update skip locked)
     returning id, name, payload, waiting_for`,
    [againAfterMs, limit],
  );
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** After a failed offer: the facts are due again at once. */
export async function withdrawOffers(db: Knex, ids: string[]): Promise<void> {
  await db.raw('update outbox set offered_at = null where id = any(?)', [ids]);
}

/** Marks facts as handled by `subscriber`; deletes those that no other subscriber waits for. */
export async function settle(db: Knex, subscriber: string, ids: string[]): Promise<void> {
  await db.raw(
    `with handled as (
       update outbox set waiting_for = array_remove(waiting_for, ?) where id = any(?) and waiting_for <> array[?]::text[] returning 1)
     delete from outbox where id = any(?) and waiting_for = array[?]::text[]`,
    [subscriber, ids, subscriber, ids, subscriber],
  );
}

/** @returns ids not handled before. A fixed order of inserts prevents deadlocks. */
export async function markHandled(trx: Knex, factIds: string[]): Promise<Set<string>> {
  const { rows } = await trx.raw<{ rows: { fact_id: string }[] }>(
    'insert into inbox (fact_id) select id from unnest(?::text[]) id order by id on conflict do nothing returning fact_id',
    [factIds],
  );
  return new Set(rows.map(({ fact_id }) => fact_id));
}

/**
 * A fact is offered until it is settled, so inbox rows must outlive any outage of its publisher.
 */
export async function forgetHandled(db: Knex): Promise<void> {
  await db.raw(`delete from inbox where handled_at < now() - interval '30 days'`);
}

/** Counting stops here: after a long outage the table has millions of rows. */
const MAX_COUNTED = 10_001;

/** How many facts are not settled by all, and when the oldest was published (ms). */
export async function readBacklog(db: Knex): Promise<{ facts: number; oldest?: number }> {
  const { rows } = await db.raw<{ rows: { facts: number; oldest: string | null }[] }>(
    `select (select count(*) from (select 1 from outbox limit ${MAX_COUNTED}) counted) facts,
            (select min(id) from outbox) oldest`,
  );
  const { facts, oldest } = rows[0] as { facts: number; oldest: string | null };
  // A version 7 UUID begins with its time in 48 bits.
  return oldest === null
    ? { facts }
    : { facts, oldest: Number.parseInt(oldest.slice(PREFIX.length, PREFIX.length + 12), 16) };
}
