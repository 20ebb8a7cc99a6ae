import type { Knex } from '@chatapi/kit/data';

export interface Person {
  user_id: string;
  username: string;
  display_name: string;
}

/**
 * Facts may arrive out of order: an older account replaces neither a newer one nor the name of a
 * profile. @param accounts without duplicates.
 */
export async function saveAccounts(
  db: Knex,
  accounts: { user_id: string; username: string; display_name?: string; created_at: string; updated_at: string }[],
): Promise<void> {
  await db.raw(
    `insert into people as p (user_id, username, display_name, created_at, account_at)
     select user_id, username, coalesce(display_name, ''), created_at, updated_at
     from jsonb_to_recordset(?::jsonb) a(user_id text, username text, display_name text, created_at timestamptz, updated_at timestamptz)
     on conflict (user_id) do update set username = excluded.username, account_at = excluded.account_at,
       display_name = case when p.profile_at is null and excluded.display_name <> '' then excluded.display_name else p.display_name end
     where p.account_at <= excluded.account_at and p.erased_at is null`,
    [JSON.stringify(accounts)],
  );
}

/** @returns false when the account is not known yet. */
export async function saveProfile(
  db: Knex,
  profile: { user_id: string; display_name: string; updated_at: string },
): Promise<boolean> {
  const { rowCount } = await db.raw<{ rowCount: number }>(
    `update people set display_name = case when erased_at is null and coalesce(profile_at, '-infinity') <= ? then ? else display_name end,
       profile_at = greatest(profile_at, ?) where user_id = ?`,
    [profile.updated_at, profile.display_name, profile.updated_at, profile.user_id],
  );
  return rowCount === 1;
}

/** Without erased users. */
export const findPeople = async (db: Knex, ids: string[]): Promise<Person[]> =>
  await db<Person>('people')
    .select('user_id', 'username', 'display_name')
    .whereIn('user_id', ids)
    .whereNull('erased_at');

/** User ids by lower-case username. */
export async function findIdsByUsername(db: Knex, usernames: string[]): Promise<Map<string, string>> {
  if (usernames.length === 0) return new Map();
  const { rows } = await db.raw<{ rows: { name: string; user_id: string }[] }>(
    'select lower(username) name, user_id from people where lower(username) = any(?)',
    [usernames],
  );
  return new Map(rows.map(({ name, user_id }) => [name, user_id]));
}
