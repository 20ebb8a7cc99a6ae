// Owns: the SQL of outbox and inbox. A fact stays in the outbox until every hearing service has said that it is done with it.
import type { Knex } from 'knex';
import { v7 } from 'uuid';
import { FACTS, type Fact, type FactName, type Facts } from './catalog.ts';

export interface OutboxRow {
  id: string;
  name: FactName;
  payload: string;
  waiting_for: string[];
}

/** All of a fact's row but its payload, for those who count that in a statement of their own. */
export const factHead = (name: FactName): Omit<OutboxRow, 'payload'> => ({
  id: `fact_${v7().replaceAll('-', '')}`,
  name,
  waiting_for: [...FACTS[name].heard_by],
});

/** @throws when the payload does not fit the catalog. */
function outboxRow<N extends FactName>(name: N, payload: Facts[N]): OutboxRow {
  const { error } = FACTS[name].schema.validate(payload, { convert: false });
  if (error !== undefined) throw new Error(`fact ${name}: ${error.message}`);
  return { ...factHead(name), payload: JSON.stringify(payload) };
}

/** Tells a fact in the same transaction as the change that it is about. One that nobody hears is not written. */
export async function tellFact<N extends FactName>(trx: Knex, name: N, payload: Facts[N]): Promise<void> {
  const row = outboxRow(name, payload);
  if (row.waiting_for.length > 0) await trx('outbox').insert(row);
}

/** Takes back what is still untold of a user and bears personal data. Whoever heard it hears of the erasure too. */
export async function untellFacts(trx: Knex, names: FactName[], userId: string): Promise<void> {
  await trx.raw(`delete from outbox where name = any(?) and payload ->> 'user_id' = ?`, [names, userId]);
}

export type Offer = Fact & { waiting_for: string[] };

/** New facts, and those that were offered `againAfterMs` ago without all hearers having answered. Marks them offered. */
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

/** They did not get through: due again at once. */
export async function withdrawOffers(db: Knex, ids: string[]): Promise<void> {
  await db.raw('update outbox set offered_at = null where id = any(?)', [ids]);
}

/** Notes that `hearer` is done with these facts, and removes those that nobody else has yet to hear. */
export async function settle(db: Knex, hearer: string, ids: string[]): Promise<void> {
  await db.raw(
    `with heard as (
       update outbox set waiting_for = array_remove(waiting_for, ?) where id = any(?) and waiting_for <> array[?]::text[] returning 1)
     delete from outbox where id = any(?) and waiting_for = array[?]::text[]`,
    [hearer, ids, hearer, ids, hearer],
  );
}

/** @returns those that were not handled before. In one order, so that two transactions never wait for each other. */
export async function markHandled(trx: Knex, factIds: string[]): Promise<Set<string>> {
  const { rows } = await trx.raw<{ rows: { fact_id: string }[] }>(
    'insert into inbox (fact_id) select id from unnest(?::text[]) id order by id on conflict do nothing returning fact_id',
    [factIds],
  );
  return new Set(rows.map(({ fact_id }) => fact_id));
}

/** A fact is offered again for as long as it is unsettled, so its mark must outlive any outage of the teller. */
export async function forgetHandled(db: Knex): Promise<void> {
  await db.raw(`delete from inbox where handled_at < now() - interval '30 days'`);
}
