import type { Knex, PipelinedPool } from '@chatapi/kit/data';

export interface Person {
  user_id: string;
  username: string;
  display_name: string;
  kind: 'user' | 'bot';
}

export interface KnownAccount {
  user_id: string;
  username: string;
  display_name?: string;
  avatar_url?: string;
  kind?: 'user' | 'bot';
  created_at: string;
  updated_at: string;
}

const IS_NEWER = 'p.account_at <= excluded.account_at';
/** Only the fact of a new account has them, and it may be the older one. */
const IS_NAMED = `p.profile_at is null and p.display_name = '' and excluded.display_name <> ''`;
const IS_PICTURED = 'p.avatar_at is null and excluded.avatar_url is not null';

/**
 * Facts may arrive out of order: an older account replaces neither a newer one nor the name of a
 * profile. Rows are written in one order, to prevent deadlocks.
 * @param accounts without duplicates.
 */
export async function saveAccounts(db: Knex, accounts: KnownAccount[]): Promise<void> {
  await db.raw(
    `insert into people as p (user_id, username, display_name, avatar_url, avatar_at, kind, created_at, account_at)
     select user_id, username, coalesce(display_name, ''), avatar_url, case when avatar_url is not null then created_at end,
       coalesce(kind, 'user'), created_at, updated_at
     from jsonb_to_recordset(?::jsonb) a(user_id text, username text, display_name text, avatar_url text, kind text,
       created_at timestamptz, updated_at timestamptz)
     order by user_id
     on conflict (user_id) do update set
       username = case when ${IS_NEWER} then excluded.username else p.username end,
       account_at = greatest(p.account_at, excluded.account_at),
       kind = case when excluded.kind = 'bot' then 'bot' else p.kind end,
       display_name = case when ${IS_NAMED} then excluded.display_name else p.display_name end,
       avatar_url = case when ${IS_PICTURED} then excluded.avatar_url else p.avatar_url end,
       avatar_at = case when ${IS_PICTURED} then excluded.avatar_at else p.avatar_at end
     where p.erased_at is null and (${IS_NEWER} or (${IS_NAMED}) or (${IS_PICTURED}))`,
    [JSON.stringify(accounts)],
  );
}

export interface KnownProfile {
  user_id: string;
  display_name: string;
  updated_at: string;
}

/** @param profiles without duplicates. @returns the users whose accounts are known. */
export async function saveProfiles(db: Knex, profiles: KnownProfile[]): Promise<Set<string>> {
  const { rows } = await db.raw<{ rows: { user_id: string }[] }>(
    `with given as (
       select * from jsonb_to_recordset(?::jsonb) g(user_id text, display_name text, updated_at timestamptz)
     ), locked as materialized (
       select p.user_id from people p join given using (user_id) order by p.user_id for no key update of p
     )
     update people p set
       display_name = case when p.erased_at is null and coalesce(p.profile_at, '-infinity') <= g.updated_at then g.display_name else p.display_name end,
       profile_at = greatest(p.profile_at, g.updated_at)
     from given g join locked using (user_id) where p.user_id = g.user_id returning p.user_id`,
    [JSON.stringify(profiles)],
  );
  return new Set(rows.map(({ user_id }) => user_id));
}

/** Without erased users. */
export const findPeople = async (db: Knex, ids: string[]): Promise<Person[]> =>
  await db<Person>('people')
    .select('user_id', 'username', 'display_name', 'kind')
    .whereIn('user_id', ids)
    .whereNull('erased_at');

export interface KnownAvatar {
  user_id: string;
  avatar_url: string | null;
  updated_at: string;
}

/** @param avatars without duplicates. @returns the users whose accounts are known. */
export async function saveAvatars(db: Knex, avatars: KnownAvatar[]): Promise<Set<string>> {
  const { rows } = await db.raw<{ rows: { user_id: string }[] }>(
    `with given as (
       select * from jsonb_to_recordset(?::jsonb) g(user_id text, avatar_url text, updated_at timestamptz)
     ), locked as materialized (
       select p.user_id, p.erased_at is null and coalesce(p.avatar_at, '-infinity') <= g.updated_at is_news
       from people p join given g using (user_id) order by p.user_id for no key update of p
     )
     update people p set
       avatar_url = case when l.is_news then g.avatar_url else p.avatar_url end,
       avatar_at = case when l.is_news then g.updated_at else p.avatar_at end
     from given g join locked l using (user_id) where p.user_id = g.user_id returning p.user_id`,
    [JSON.stringify(avatars)],
  );
  return new Set(rows.map(({ user_id }) => user_id));
}

export interface ShownPerson {
  user_id: string;
  username: string;
  display_name: string;
  avatar_url: string | null;
  kind: 'user' | 'bot';
  erased: boolean;
}

const SHOWN = `
select user_id, username, coalesce(nullif(display_name, ''), username) display_name, avatar_url, kind, erased_at is not null erased
from people where user_id = any($1)`;

/** Erased users too, so that the caller can tell them from unknown ones. */
export const findShown = async (reads: PipelinedPool, ids: string[]): Promise<ShownPerson[]> =>
  (await reads.query<ShownPerson>({ name: 'people-shown', text: SHOWN, values: [ids] })).rows;

/** User ids by lower-case username. */
export async function findIdsByUsername(db: Knex, usernames: string[]): Promise<Map<string, string>> {
  if (usernames.length === 0) return new Map();
  const { rows } = await db.raw<{ rows: { name: string; user_id: string }[] }>(
    'select lower(username) name, user_id from people where lower(username) = any(?)',
    [usernames],
  );
  return new Map(rows.map(({ name, user_id }) => [name, user_id]));
}
