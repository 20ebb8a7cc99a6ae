// Usernames of erased accounts, by hash: nobody else may take one while others still know it.
import type { Knex } from '@chatapi/kit/data';

export async function blockName(trx: Knex, nameHash: string, days: number): Promise<void> {
  await trx.raw(
    `insert into blocked_names (name_hash, blocked_until) values (?, clock_timestamp() + ? * interval '1 day')
     on conflict (name_hash) do update set blocked_until = excluded.blocked_until`,
    [nameHash, days],
  );
}

export async function isNameBlocked(db: Knex, nameHash: string): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    'select 1 from blocked_names where name_hash = ? and blocked_until > clock_timestamp()',
    [nameHash],
  );
  return rows.length > 0;
}

export async function deleteUnblockedNames(db: Knex): Promise<void> {
  await db.raw('delete from blocked_names where blocked_until < now()');
}
