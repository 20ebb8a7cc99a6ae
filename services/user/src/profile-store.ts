// SQL of profiles. Times are returned as RFC 3339 text with milliseconds.
import type { Account } from '@chatapi/bus';
import { type Custom, FOLD_VERSION, fold, type Paging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';

export interface ProfileRow {
  id: string;
  username: string;
  email: string | null;
  email_verified: boolean;
  external_id: string | null;
  display_name: string;
  bio: string;
  avatar_url: string | null;
  custom: Custom;
  kind: 'user' | 'bot';
  role: Account['role'];
  status: Account['status'];
  created_at: string;
  updated_at: string;
  last_seen: string | null;
}

export type RawProfile = Omit<ProfileRow, 'created_at' | 'updated_at' | 'last_seen'> & {
  created_at: Date;
  updated_at: Date;
  last_seen: Date | null;
};

export const COLUMNS = `p.user_id as id, p.username, p.email, p.email_verified, p.external_id, coalesce(p.display_name, p.username) as display_name, p.bio,
  p.avatar_url, coalesce(p.custom, '{}') as custom, p.kind, p.role, p.status, p.created_at,
  greatest(p.account_updated_at, p.profile_updated_at) as updated_at, p.last_seen`;

export const toProfile = (row: RawProfile): ProfileRow => ({
  ...row,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
  last_seen: row.last_seen?.toISOString() ?? null,
});

/** What the version before searches; also searched here where `fold_version` is null. */
const searchKey = (name: string): string => name.normalize('NFKC').toLowerCase();

/** The columns of a name, all null without one. */
export const nameColumns = (name: string | null) => ({
  displayName: name,
  displayKey: name === null ? null : searchKey(name),
  foldedName: name === null ? null : fold(name),
  foldVersion: name === null ? null : FOLD_VERSION,
});

export type NamedAccount = Account & { display_name?: string };

/** One per user: the newest state, and the name that any of them has. */
function newestOf(accounts: NamedAccount[]): NamedAccount[] {
  const byId = new Map<string, NamedAccount>();
  for (const account of accounts) {
    const other = byId.get(account.user_id) ?? account;
    const newest = account.updated_at >= other.updated_at ? account : other;
    byId.set(account.user_id, { ...newest, display_name: account.display_name ?? other.display_name });
  }
  return [...byId.values()];
}

const NEWER = 'excluded.account_updated_at > p.account_updated_at';
/** What an account never loses. Processes of the release before do not know it. */
const KEPT = `kind = case when excluded.kind = 'bot' then 'bot' else p.kind end,
       external_id = coalesce(excluded.external_id, p.external_id)`;

/**
 * Stores the newest states of accounts; facts come in any order. Never changes a profile. The order
 * of the rows prevents deadlocks.
 */
export async function upsertAccounts(trx: Knex, accounts: NamedAccount[]): Promise<void> {
  const rows = newestOf(accounts).map(({ display_name, ...account }) => ({
    ...account,
    ...nameColumns(display_name ?? null),
  }));
  await trx.raw(
    `insert into profiles as p (user_id, username, email, email_verified, role, status, kind, external_id, created_at, account_updated_at,
       display_name, display_key, folded_name, fold_version)
     select user_id, username, email, coalesce(email_verified, false), role, status, coalesce(kind, 'user'), external_id, created_at, updated_at,
       "displayName", "displayKey", "foldedName", "foldVersion"
     from json_to_recordset(?::json) a(user_id text, username text, email text, email_verified boolean, role text, status text, kind text, external_id text,
       created_at timestamptz, updated_at timestamptz, "displayName" text, "displayKey" text, "foldedName" text, "foldVersion" smallint)
     where not exists (select from erased e where e.user_id = a.user_id) order by user_id
     on conflict (user_id) do update set
       display_name = coalesce(p.display_name, excluded.display_name),
       display_key = coalesce(p.display_key, excluded.display_key),
       folded_name = case when p.display_name is null then excluded.folded_name else p.folded_name end,
       fold_version = case when p.display_name is null then excluded.fold_version else p.fold_version end,
       username = case when ${NEWER} then excluded.username else p.username end,
       email = case when ${NEWER} then excluded.email else p.email end,
       -- Auth of the release before does not tell it. An address that was confirmed stays so.
       email_verified = case when ${NEWER} then excluded.email_verified or (p.email_verified and p.email = excluded.email)
         else p.email_verified end,
       role = case when ${NEWER} then excluded.role else p.role end,
       status = case when ${NEWER} then excluded.status else p.status end,
       ${KEPT},
       account_updated_at = greatest(p.account_updated_at, excluded.account_updated_at)
     where ${NEWER} or (p.display_name is null and excluded.display_name is not null)
       or (p.external_id is null and excluded.external_id is not null) or (p.kind <> 'bot' and excluded.kind = 'bot')`,
    [JSON.stringify(rows)],
  );
}

export async function profileById(db: Knex, userId: string): Promise<ProfileRow | undefined> {
  const { rows } = await db.raw<{ rows: RawProfile[] }>(`select ${COLUMNS} from profiles p where user_id = ?`, [
    userId,
  ]);
  return rows[0] === undefined ? undefined : toProfile(rows[0]);
}

export async function profilesByIds(db: Knex, userIds: string[]): Promise<ProfileRow[]> {
  const { rows } = await db.raw<{ rows: RawProfile[] }>(`select ${COLUMNS} from profiles p where user_id = any(?)`, [
    userIds,
  ]);
  return rows.map(toProfile);
}

/** By user id. */
export async function lastSeenOf(db: Knex, ids: string[]): Promise<Map<string, string | null>> {
  const { rows } = await db.raw<{ rows: { user_id: string; last_seen: Date | null }[] }>(
    'select user_id, last_seen from profiles where user_id = any(?)',
    [ids],
  );
  return new Map(rows.map(({ user_id, last_seen }) => [user_id, last_seen?.toISOString() ?? null]));
}

export const erasedAmong = async (db: Knex, ids: string[]): Promise<string[]> =>
  (await db<{ user_id: string }>('erased').whereIn('user_id', ids).select('user_id')).map(({ user_id }) => user_id);

/** Username and id of the last user of a page. */
export type UserKey = readonly [string, string];

/**
 * In order of username. `search` is compared literally: `%` and `_` are no wildcards. Returns one
 * more than `limit` when there are more.
 */
export async function searchProfiles(
  db: Knex,
  search: string,
  { limit, skip, cursor = ['', ''] }: Paging<UserKey>,
): Promise<ProfileRow[]> {
  const { rows } = await db.raw<{ rows: RawProfile[] }>(
    `select ${COLUMNS} from profiles p
     where (:folded = '' or position(:folded in lower(username)) > 0 or position(:folded in folded_name) > 0
         or (fold_version is null and position(:key in display_key) > 0))
       and (lower(username), user_id) > (lower(:username), :user_id)
     order by lower(username), user_id limit :limit offset :skip`,
    {
      folded: fold(search),
      key: searchKey(search),
      username: cursor[0],
      user_id: cursor[1],
      limit: limit + 1,
      skip,
    },
  );
  return rows.map(toProfile);
}

/** Folds names without a fold. @returns how many, at most `limit`. */
export async function foldNames(db: Knex, limit: number): Promise<number> {
  return await db.transaction(async (trx) => {
    const { rows } = await trx.raw<{ rows: { user_id: string; display_name: string }[] }>(
      `select user_id, display_name from profiles where fold_version is null and display_name is not null
       limit ? for update skip locked`,
      [limit],
    );
    if (rows.length === 0) return 0;
    await trx.raw(
      `update profiles p set folded_name = t.folded, fold_version = ?
       from unnest(?::text[], ?::text[]) t(user_id, folded) where p.user_id = t.user_id`,
      [FOLD_VERSION, rows.map(({ user_id }) => user_id), rows.map(({ display_name }) => fold(display_name))],
    );
    return rows.length;
  });
}

/** Leaves permanent marks, so that a late fact does not bring a profile back. */
export async function eraseProfiles(trx: Knex, erased: { user_id: string; erased_at: string }[]): Promise<void> {
  const ids = erased.map(({ user_id }) => user_id);
  await trx.raw(
    'insert into erased (user_id, erased_at) select * from unnest(?::text[], ?::timestamptz[]) on conflict do nothing',
    [ids, erased.map(({ erased_at }) => erased_at)],
  );
  await trx.raw('delete from profiles p where user_id = any(?)', [ids]);
}

/** The time never goes back: nodes may report in any order. */
export async function updateLastSeen(db: Knex, seen: { user_id: string; last_seen: string }[]): Promise<void> {
  await db.raw(
    `update profiles p set last_seen = greatest(p.last_seen, s.last_seen)
     from (select u as user_id, max(t) as last_seen from unnest(cast(? as text[]), cast(? as timestamptz[])) x(u, t) group by u) s
     where p.user_id = s.user_id`,
    [seen.map(({ user_id }) => user_id), seen.map(({ last_seen }) => last_seen)],
  );
}
