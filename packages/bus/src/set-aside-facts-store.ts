// Facts of names unknown to this version, stored in the subscriber's schema for a newer version.
import type { Knex } from 'knex';
import { removeAccounts } from './erased-accounts-store.ts';
import type { Fact } from './fact-types.ts';

/** `trx` also marks the facts as handled, so that their publisher can delete them. */
export async function setAside(trx: Knex, facts: Fact[]): Promise<void> {
  await trx.raw(
    `insert into facts_set_aside (fact_id, name, payload)
       select * from unnest(?::text[], ?::text[], ?::jsonb[]) on conflict do nothing`,
    [facts.map(({ id }) => id), facts.map(({ name }) => name), facts.map(({ payload }) => JSON.stringify(payload))],
  );
}

/** Deletes and returns the oldest facts. */
export async function takeSetAside(trx: Knex, names: string[], limit: number): Promise<Fact[]> {
  const { rows } = await trx.raw<{ rows: Fact[] }>(
    `delete from facts_set_aside where fact_id in (
       select fact_id from facts_set_aside where name = any(?) order by fact_id limit ? for update skip locked)
     returning fact_id id, name, payload`,
    [names, limit],
  );
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Erasure also covers facts that this version can't handle. */
export async function deleteSetAside(trx: Knex, userIds: string[]): Promise<void> {
  await trx.raw(`delete from facts_set_aside where payload ->> 'user_id' = any(?)`, [userIds]);
  await removeAccounts(trx, 'facts_set_aside', userIds);
}

export async function countSetAside(db: Knex): Promise<number> {
  const { rows } = await db.raw<{ rows: [{ n: number | string }] }>('select count(*) n from facts_set_aside');
  return Number(rows[0].n);
}
