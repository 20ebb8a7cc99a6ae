import type { Knex } from 'knex';

/** Of facts about many accounts, those of erased users go, and the others stay. */
export async function removeAccounts(trx: Knex, table: 'outbox' | 'facts_set_aside', userIds: string[]): Promise<void> {
  await trx.raw(
    `update ${table} set payload = jsonb_set(payload, '{accounts}', (
       select coalesce(jsonb_agg(a), '[]') from jsonb_array_elements(payload -> 'accounts') a where a ->> 'user_id' <> all(?)))
     where name = 'accounts.created'
       and exists (select from jsonb_array_elements(payload -> 'accounts') a where a ->> 'user_id' = any(?))`,
    [userIds, userIds],
  );
}
