// SQL of profiles. Times are returned as RFC 3339 text with milliseconds.
import type { Account } from '@chatapi/bus';
import { FOLD_VERSION, fold, type Paging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';

export interface ProfileRow {
  id: string;
  username: string;
  email: string;
  email_verified: boolean;
  display_name: string;
  bio: string;
  avatar_url: string | null;
  role: Account['role'];
  status: Account['status'];
  created_at: string;
  updated_at: string;
  last_seen: string | null;
}

type RawProfile = Omit<ProfileRow, 'created_at' | 'updated_at' | 'last_seen'> & {
  created_at: Date;
  updated_at: Date;
  last_seen: Date | null;
};

const COLUMNS = `user_id as id, username, email, email_verified, coalesce(display_name, username) as display_name, bio, avatar_url, role, status, created_at,
  greatest(account_updated_at, profile_updated_at) as updated_at, last_seen`;

const toProfile = (row: RawProfile): ProfileRow => ({
  ...row,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
  last_seen: row.last_seen?.toISOString() ?? null,
});

/** What the version before searches; also searched here where `fold_version` is null. */
const searchKey = (name: string): string => name.normalize('NFKC').toLowerCase();

/** The columns of a name, all null without one. */
const nameColumns = (name: string | null) => ({
  displayName: name,
  displayKey: name === null ? null : searchKey(name),
  foldedName: name === null ? null : fold(name),
  foldVersion: name === null ? null : FOLD_VERSION,
});

/** Stores the newest state of an account; facts come in any order. Never changes the profile. */
export async function upsertAccount(trx: Knex, account: Account, displayName: string | null): Promise<void> {
  await trx.raw(
    `insert into profiles as p (user_id, username, email, email_verified, role, status, created_at, account_updated_at, display_name, display_key, folded_name, fold_version)
     select :user_id, :username, :email, coalesce(:email_verified, false), :role, :status, :created_at, :updated_at, :displayName, :displayKey, :foldedName, cast(:foldVersion as smallint)
     where not exists (select from erased where user_id = :user_id)
     on conflict (user_id) do update set
       display_name = coalesce(p.display_name, excluded.display_name),
       display_key = coalesce(p.display_key, excluded.display_key),
       folded_name = case when p.display_name is null then excluded.folded_name else p.folded_name end,
       fold_version = case when p.display_name is null then excluded.fold_version else p.fold_version end,
       username = case when newer then excluded.username else p.username end,
       email = case when newer then excluded.email else p.email end,
       email_verified = case when newer then coalesce(:email_verified, p.email_verified) else p.email_verified end,
       role = case when newer then excluded.role else p.role end,
       status = case when newer then excluded.status else p.status end,
       account_updated_at = greatest(p.account_updated_at, excluded.account_updated_at)`.replaceAll(
      'newer',
      'excluded.account_updated_at > p.account_updated_at',
    ),
    // Auth of the release before tells nothing of it.
    { ...account, email_verified: account.email_verified ?? null, ...nameColumns(displayName) },
  );
}

export async function profileById(db: Knex, userId: string): Promise<ProfileRow | undefined> {
  const { rows } = await db.raw<{ rows: RawProfile[] }>(`select ${COLUMNS} from profiles where user_id = ?`, [userId]);
  return rows[0] === undefined ? undefined : toProfile(rows[0]);
}

export async function profilesByIds(db: Knex, userIds: string[]): Promise<ProfileRow[]> {
  const { rows } = await db.raw<{ rows: RawProfile[] }>(`select ${COLUMNS} from profiles where user_id = any(?)`, [
    userIds,
  ]);
  return rows.map(toProfile);
}

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
    `select ${COLUMNS} from profiles
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

export interface ProfileChange {
  display_name?: string;
  bio?: string;
  avatar_url?: string | null;
}

type RawChangedProfile = RawProfile & { profile_updated_at: Date };
export type ChangedProfile = ProfileRow & { profile_updated_at: string };

/**
 * Changes the given fields. `profile_updated_at` grows strictly, so that subscribers can tell which
 * of two facts is newer. @returns undefined when the profile does not exist (any more).
 */
export async function updateProfile(
  trx: Knex,
  userId: string,
  change: ProfileChange,
): Promise<ChangedProfile | undefined> {
  const { rows } = await trx.raw<{ rows: RawChangedProfile[] }>(
    `update profiles set
       display_name = coalesce(:displayName, display_name),
       display_key = coalesce(:displayKey, display_key),
       folded_name = coalesce(:foldedName, folded_name),
       fold_version = coalesce(cast(:foldVersion as smallint), fold_version),
       bio = coalesce(:bio, bio),
       avatar_url = case when :has_avatar then :avatar_url else avatar_url end,
       profile_updated_at = greatest(date_trunc('milliseconds', clock_timestamp()), profile_updated_at + interval '1 millisecond')
     where user_id = :userId returning ${COLUMNS}, profile_updated_at`,
    {
      userId,
      ...nameColumns(change.display_name ?? null),
      bio: change.bio ?? null,
      has_avatar: change.avatar_url !== undefined,
      avatar_url: change.avatar_url ?? null,
    },
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return { ...toProfile(row), profile_updated_at: row.profile_updated_at.toISOString() };
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

/** Leaves a permanent mark, so that a late fact does not bring the profile back. */
export async function eraseProfile(trx: Knex, userId: string, at: string): Promise<void> {
  await trx.raw('insert into erased (user_id, erased_at) values (?, ?) on conflict do nothing', [userId, at]);
  await trx.raw('delete from profiles where user_id = ?', [userId]);
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
