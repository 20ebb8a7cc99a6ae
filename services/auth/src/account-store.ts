// SQL of accounts. Times are returned as RFC 3339 text with milliseconds.
import type { Account } from '@chatapi/bus';
import type { Role } from '@chatapi/kit/auth';
import type { Knex, PipelinedPool } from '@chatapi/kit/data';

export interface AccountRow extends Account {
  kind: 'user' | 'bot';
  external_id: string | null;
  display_name: string;
  /** null: no login by password. */
  password_hash: string | null;
  email_verified: boolean;
  ban_reason: string | null;
  banned_until: string | null;
  /** Of its last session, right within ten minutes. */
  seen_at: string | null;
}

export type RawAccount = Omit<AccountRow, 'created_at' | 'updated_at' | 'banned_until' | 'seen_at'> & {
  created_at: Date;
  updated_at: Date;
  banned_until: Date | null;
  seen_at: Date | null;
};

/** A ban hides a deactivation. The column itself knows only bans, as the release before does. */
export const STATUS = `case when status = 'active' and deactivated_at is not null then 'deactivated' else status end`;

export const COLUMNS = `user_id, username, email, email_verified, display_name, password_hash, role, ${STATUS} as status, kind, external_id,
  ban_reason, banned_until, seen_at, created_at, updated_at`;

export const toAccount = (row: RawAccount): AccountRow => ({
  ...row,
  banned_until: row.banned_until?.toISOString() ?? null,
  seen_at: row.seen_at?.toISOString() ?? null,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});

const first = (rows: RawAccount[]): AccountRow | undefined => (rows[0] === undefined ? undefined : toAccount(rows[0]));

// Grows strictly per account, so that subscribers can tell which of two facts is newer.
export const NEWER = `updated_at = greatest(date_trunc('milliseconds', clock_timestamp()), updated_at + interval '1 millisecond')`;

export interface NewAccount {
  user_id: string;
  username: string;
  username_key: string;
  email: string;
  email_key: string;
  password_hash: string;
  display_name: string;
  role: Role;
  email_verified: boolean;
}

/** @returns undefined when the username or email is taken. */
export async function insertAccount(trx: Knex, account: NewAccount): Promise<AccountRow | undefined> {
  const { rows } = await trx.raw<{ rows: RawAccount[] }>(
    `insert into accounts (user_id, username, username_key, email, email_key, password_hash, display_name, role, email_verified, created_at, updated_at)
     select :user_id, :username, :username_key, :email, :email_key, :password_hash, :display_name, :role, :email_verified, now, now
     from date_trunc('milliseconds', clock_timestamp()) now
     on conflict do nothing returning ${COLUMNS}`,
    { ...account },
  );
  return first(rows);
}

export async function takenNames(
  db: Knex,
  usernameKey: string,
  emailKey: string,
): Promise<{ username: boolean; email: boolean }> {
  const { rows } = await db.raw<{ rows: { username: boolean; email: boolean }[] }>(
    `select exists (select from accounts where username_key = ?) as username, exists (select from accounts where email_key = ?) as email`,
    [usernameKey, emailKey],
  );
  return rows[0] as { username: boolean; email: boolean };
}

/** By username or email. A username contains no `@`, so a key matches at most one account. */
export async function accountByName(db: Knex, key: string): Promise<AccountRow | undefined> {
  const { rows } = await db.raw<{ rows: RawAccount[] }>(
    `select ${COLUMNS} from accounts where username_key = ? or email_key = ?`,
    [key, key],
  );
  return first(rows);
}

export async function accountByEmail(db: Knex, key: string): Promise<AccountRow | undefined> {
  const { rows } = await db.raw<{ rows: RawAccount[] }>(`select ${COLUMNS} from accounts where email_key = ?`, [key]);
  return first(rows);
}

export async function accountById(db: Knex, userId: string): Promise<AccountRow | undefined> {
  const { rows } = await db.raw<{ rows: RawAccount[] }>(`select ${COLUMNS} from accounts where user_id = ?`, [userId]);
  return first(rows);
}

export async function accountRows(db: Knex, userIds: string[]): Promise<AccountRow[]> {
  const { rows } = await db.raw<{ rows: RawAccount[] }>(`select ${COLUMNS} from accounts where user_id = any(?)`, [
    userIds,
  ]);
  return rows.map(toAccount);
}

/**
 * Locks the account until the transaction ends. Every change of its rights, sessions or password
 * must take this lock first.
 */
export async function lockAccount(trx: Knex, userId: string): Promise<AccountRow | undefined> {
  const { rows } = await trx.raw<{ rows: RawAccount[] }>(
    `select ${COLUMNS} from accounts where user_id = ? for no key update`,
    [userId],
  );
  return first(rows);
}

export async function updateBan(
  trx: Knex,
  userId: string,
  ban: { reason: string | null; until: string | null } | null,
): Promise<AccountRow> {
  const { rows } = await trx.raw<{ rows: RawAccount[] }>(
    `update accounts set status = ?, ban_reason = ?, banned_until = ?, ${NEWER} where user_id = ? returning ${COLUMNS}`,
    [ban === null ? 'active' : 'banned', ban?.reason ?? null, ban?.until ?? null, userId],
  );
  return toAccount(rows[0] as RawAccount);
}

/** @returns undefined when it is so already. */
export async function updateDeactivation(trx: Knex, userId: string, to: boolean): Promise<AccountRow | undefined> {
  const { rows } = await trx.raw<{ rows: RawAccount[] }>(
    `update accounts set deactivated_at = case when :to then clock_timestamp() end, ${NEWER}
     where user_id = :userId and (deactivated_at is not null) <> :to returning ${COLUMNS}`,
    { userId, to },
  );
  return first(rows);
}

export async function updateRole(trx: Knex, userId: string, role: Role): Promise<AccountRow> {
  const { rows } = await trx.raw<{ rows: RawAccount[] }>(
    `update accounts set role = ?, ${NEWER} where user_id = ? returning ${COLUMNS}`,
    [role, userId],
  );
  return toAccount(rows[0] as RawAccount);
}

/** The owner has shown that the address is theirs. */
export async function verifyEmail(trx: Knex, userId: string): Promise<AccountRow> {
  const { rows } = await trx.raw<{ rows: RawAccount[] }>(
    `update accounts set email_verified = true, ${NEWER} where user_id = ? returning ${COLUMNS}`,
    [userId],
  );
  return toAccount(rows[0] as RawAccount);
}

/** Sets a confirmed address. Fails on the constraint `accounts_email_taken`. */
export async function changeEmail(trx: Knex, userId: string, email: string, key: string): Promise<AccountRow> {
  const { rows } = await trx.raw<{ rows: RawAccount[] }>(
    `update accounts set email = ?, email_key = ?, email_verified = true, ${NEWER} where user_id = ? returning ${COLUMNS}`,
    [email, key, userId],
  );
  return toAccount(rows[0] as RawAccount);
}

/**
 * The first admin's address is confirmed by the settings. @returns undefined when it was already.
 */
export async function verifyFirstAdmin(
  trx: Knex,
  usernameKey: string,
  emailKey: string,
): Promise<AccountRow | undefined> {
  const { rows } = await trx.raw<{ rows: RawAccount[] }>(
    `update accounts set email_verified = true, ${NEWER}
     where username_key = ? and email_key = ? and role = 'admin' and not email_verified returning ${COLUMNS}`,
    [usernameKey, emailKey],
  );
  return first(rows);
}

export async function updatePassword(trx: Knex, userId: string, passwordHash: string): Promise<void> {
  await trx.raw('update accounts set password_hash = ? where user_id = ?', [passwordHash, userId]);
}

/** Stores a new hash of the same password. Does nothing if the password was changed meanwhile. */
export async function replaceHash(db: Knex, userId: string, old: string, passwordHash: string): Promise<void> {
  await db.raw('update accounts set password_hash = ? where user_id = ? and password_hash = ?', [
    passwordHash,
    userId,
    old,
  ]);
}

/** Also deletes its sessions and their tokens. */
export async function deleteAccount(trx: Knex, userId: string): Promise<void> {
  await trx.raw('delete from accounts where user_id = ?', [userId]);
}

/** @returns the time now if the last one is `everyMinutes` old or missing, else undefined. */
export async function markSeen(trx: Knex, userId: string, everyMinutes: number): Promise<string | undefined> {
  const { rows } = await trx.raw<{ rows: { seen_at: Date }[] }>(
    `update accounts set seen_at = clock_timestamp()
     where user_id = ? and (seen_at is null or seen_at <= clock_timestamp() - ? * interval '1 minute') returning seen_at`,
    [userId, everyMinutes],
  );
  return rows[0]?.seen_at.toISOString();
}

/** @returns false when the admin with this name was created before. */
export async function markAdminCreated(trx: Knex, nameHash: string): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    'insert into made_admins (name_hash) values (?) on conflict do nothing',
    [nameHash],
  );
  return rowCount === 1;
}

/** Serializes changes that could remove an admin, so that "another admin remains" stays true. */
export async function lockAdmins(trx: Knex): Promise<void> {
  await trx.raw(`select 1 from accounts where role = 'admin' order by user_id for no key update`);
}

export async function otherAdminExists(trx: Knex, userId: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `select 1 from accounts where role = 'admin' and status = 'active' and deactivated_at is null and user_id <> ? limit 1`,
    [userId],
  );
  return rows.length > 0;
}

export async function expiredBans(reads: PipelinedPool, limit: number): Promise<string[]> {
  const text = `select user_id from accounts where status = 'banned' and banned_until <= clock_timestamp() order by banned_until limit $1`;
  const { rows } = await reads.query<{ user_id: string }>({ name: 'ended-bans', text, values: [limit] });
  return rows.map(({ user_id }) => user_id);
}

export interface AccountState {
  user_id: string;
  status: string;
  kind: string;
  created_at: Date;
  updated_at: Date;
  seen_at: Date | null;
}

/** The accounts with these ids; without `ids` a page in order of id. */
export const accountStates = async (
  db: Knex,
  { ids, after, limit }: { ids?: string[]; after: string; limit: number },
): Promise<AccountState[]> =>
  await db('accounts')
    .where((query) => (ids === undefined ? query.where('user_id', '>', after) : query.whereIn('user_id', ids)))
    .orderBy('user_id')
    .limit(limit)
    .select('user_id', db.raw(`${STATUS} as status`), 'kind', 'created_at', 'updated_at', 'seen_at');
