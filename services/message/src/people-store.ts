import type { Knex } from '@chatapi/kit';

export interface Person {
  user_id: string;
  username: string;
  display_name: string;
}

/** Facts may overtake each other: an older account never replaces a newer one, and never the profile's own name. */
export async function saveAccount(
  db: Knex,
  account: { user_id: string; username: string; display_name?: string; updated_at: string },
): Promise<void> {
  await db.raw(
    `insert into people as p (user_id, username, display_name, account_at) values (?, ?, ?, ?)
     on conflict (user_id) do update set username = excluded.username, account_at = excluded.account_at,
       display_name = case when p.profile_at is null and excluded.display_name <> '' then excluded.display_name else p.display_name end
     where p.account_at <= excluded.account_at and p.erased_at is null`,
    [account.user_id, account.username, account.display_name ?? '', account.updated_at],
  );
}

/** @returns false when the person is not known yet. */
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

/** Those who were not erased. */
export const findPeople = async (db: Knex, ids: string[]): Promise<Person[]> =>
  await db<Person>('people')
    .select('user_id', 'username', 'display_name')
    .whereIn('user_id', ids)
    .whereNull('erased_at');

/** User ids by lower-case username. */
export async function namedPeople(db: Knex, usernames: string[]): Promise<Map<string, string>> {
  if (usernames.length === 0) return new Map();
  const { rows } = await db.raw<{ rows: { name: string; user_id: string }[] }>(
    'select lower(username) name, user_id from people where lower(username) = any(?)',
    [usernames],
  );
  return new Map(rows.map(({ name, user_id }) => [name, user_id]));
}
