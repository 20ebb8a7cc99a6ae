// Owns: the SQL of profiles. Times leave here as RFC 3339 text with milliseconds.
import type { Account } from '@chatapi/bus';
import type { Knex, Paging } from '@chatapi/kit';

export interface ProfileRow {
  id: string;
  username: string;
  email: string;
  display_name: string;
  bio: string;
  avatar_url: string | null;
  role: string;
  status: string;
  created_at: string;
  updated_at: string;
  last_seen: string | null;
}

type Raw = Omit<ProfileRow, 'created_at' | 'updated_at' | 'last_seen'> & {
  created_at: Date;
  updated_at: Date;
  last_seen: Date | null;
};

const COLUMNS = `user_id as id, username, email, coalesce(display_name, username) as display_name, bio, avatar_url, role, status, created_at,
  greatest(account_updated_at, profile_updated_at) as updated_at, last_seen`;

const toProfile = (row: Raw): ProfileRow => ({
  ...row,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
  last_seen: row.last_seen?.toISOString() ?? null,
});

/** Compared by this in searches: case and compatibility forms folded here, since PostgreSQL's `lower` depends on its locale. */
const keyOf = <T extends string | null>(name: T): T => (name?.normalize('NFKC').toLowerCase() ?? null) as T;

/** Keeps the newest state of an account, in whatever order it is heard of; never touches what the user wrote. */
export async function keepAccount(trx: Knex, account: Account, displayName: string | null): Promise<void> {
  await trx.raw(
    `insert into profiles as p (user_id, username, email, role, status, created_at, account_updated_at, display_name, display_key)
     select :user_id, :username, :email, :role, :status, :created_at, :updated_at, :displayName, :displayKey
     where not exists (select from erased where user_id = :user_id)
     on conflict (user_id) do update set
       display_name = coalesce(p.display_name, excluded.display_name),
       display_key = coalesce(p.display_key, excluded.display_key),
       username = case when newer then excluded.username else p.username end,
       email = case when newer then excluded.email else p.email end,
       role = case when newer then excluded.role else p.role end,
       status = case when newer then excluded.status else p.status end,
       account_updated_at = greatest(p.account_updated_at, excluded.account_updated_at)`.replaceAll(
      'newer',
      'excluded.account_updated_at > p.account_updated_at',
    ),
    { ...account, displayName, displayKey: keyOf(displayName) },
  );
}

export async function profileById(db: Knex, userId: string): Promise<ProfileRow | undefined> {
  const { rows } = await db.raw<{ rows: Raw[] }>(`select ${COLUMNS} from profiles where user_id = ?`, [userId]);
  return rows[0] === undefined ? undefined : toProfile(rows[0]);
}

export async function profilesByIds(db: Knex, userIds: string[]): Promise<ProfileRow[]> {
  const { rows } = await db.raw<{ rows: Raw[] }>(`select ${COLUMNS} from profiles where user_id = any(?)`, [userIds]);
  return rows.map(toProfile);
}

/** By username; the text sought is compared as it is: `%` and `_` are characters like others. One more than `limit`. */
export async function searchProfiles(db: Knex, search: string, { limit, skip }: Paging): Promise<ProfileRow[]> {
  const { rows } = await db.raw<{ rows: Raw[] }>(
    `select ${COLUMNS} from profiles
     where :search = '' or position(:search in lower(username)) > 0 or position(:search in display_key) > 0
     order by lower(username), user_id limit :limit offset :skip`,
    { search: keyOf(search), limit: limit + 1, skip },
  );
  return rows.map(toProfile);
}

export interface ProfileChange {
  display_name?: string;
  bio?: string;
  avatar_url?: string | null;
}

type Changed = Raw & { profile_updated_at: Date };
export type ChangedProfile = ProfileRow & { profile_updated_at: string };

/** Changes what is given; undefined when there is no such profile (any more). `profile_updated_at` grows strictly, so that the newest of two facts is told from the other. */
export async function updateProfile(
  trx: Knex,
  userId: string,
  change: ProfileChange,
): Promise<ChangedProfile | undefined> {
  const { rows } = await trx.raw<{ rows: Changed[] }>(
    `update profiles set
       display_name = coalesce(:display_name, display_name),
       display_key = coalesce(:display_key, display_key),
       bio = coalesce(:bio, bio),
       avatar_url = case when :has_avatar then :avatar_url else avatar_url end,
       profile_updated_at = greatest(date_trunc('milliseconds', clock_timestamp()), profile_updated_at + interval '1 millisecond')
     where user_id = :userId returning ${COLUMNS}, profile_updated_at`,
    {
      userId,
      display_name: change.display_name ?? null,
      display_key: keyOf(change.display_name ?? null),
      bio: change.bio ?? null,
      has_avatar: change.avatar_url !== undefined,
      avatar_url: change.avatar_url ?? null,
    },
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return { ...toProfile(row), profile_updated_at: row.profile_updated_at.toISOString() };
}

/** For ever: what is still on its way about this user finds the mark and brings nothing back. */
export async function eraseProfile(trx: Knex, userId: string, at: string): Promise<void> {
  await trx.raw('insert into erased (user_id, erased_at) values (?, ?) on conflict do nothing', [userId, at]);
  await trx.raw('delete from profiles where user_id = ?', [userId]);
}

/** Never goes back: nodes may tell in any order. */
export async function keepLastSeen(db: Knex, seen: { user_id: string; last_seen: string }[]): Promise<void> {
  await db.raw(
    `update profiles p set last_seen = greatest(p.last_seen, s.last_seen)
     from (select u as user_id, max(t) as last_seen from unnest(cast(? as text[]), cast(? as timestamptz[])) x(u, t) group by u) s
     where p.user_id = s.user_id`,
    [seen.map(({ user_id }) => user_id), seen.map(({ last_seen }) => last_seen)],
  );
}
