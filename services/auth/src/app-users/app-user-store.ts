// SQL of accounts that applications bring: of many at once.
import type { Knex } from '@chatapi/kit/data';
import { type AccountRow, COLUMNS, NEWER, type RawAccount, toAccount } from '../account-store.ts';

/** By external id, exactly as it is written. */
export async function accountsByExternalId(db: Knex, externalIds: string[]): Promise<AccountRow[]> {
  const { rows } = await db.raw<{ rows: RawAccount[] }>(`select ${COLUMNS} from accounts where external_id = any(?)`, [
    externalIds,
  ]);
  return rows.map(toAccount);
}

/** Locks them until the transaction ends, in one order. */
export async function lockByExternalId(trx: Knex, externalIds: string[]): Promise<AccountRow[]> {
  const { rows } = await trx.raw<{ rows: RawAccount[] }>(
    `select ${COLUMNS} from accounts where external_id = any(?) order by user_id for no key update`,
    [externalIds],
  );
  return rows.map(toAccount);
}

export interface TakenKeys {
  /** User ids by key of the username, and by key of the email. */
  usernames: Map<string, string>;
  emails: Map<string, string>;
  /** Hashes of names that are blocked after an erasure. */
  blocked: Set<string>;
}

export async function takenKeys(db: Knex, usernames: string[], emails: string[], hashes: string[]): Promise<TakenKeys> {
  const byName = await db.raw<{ rows: { key: string; user_id: string }[] }>(
    'select username_key as key, user_id from accounts where username_key = any(?)',
    [usernames],
  );
  const byEmail = await db.raw<{ rows: { key: string; user_id: string }[] }>(
    'select email_key as key, user_id from accounts where email_key = any(?)',
    [emails],
  );
  const blocked = await db.raw<{ rows: { name_hash: string }[] }>(
    'select name_hash from blocked_names where name_hash = any(?) and blocked_until > clock_timestamp()',
    [hashes],
  );
  const mapOf = (rows: { key: string; user_id: string }[]) => new Map(rows.map(({ key, user_id }) => [key, user_id]));
  return {
    usernames: mapOf(byName.rows),
    emails: mapOf(byEmail.rows),
    blocked: new Set(blocked.rows.map(({ name_hash }) => name_hash)),
  };
}

export interface NewAppAccount {
  user_id: string;
  external_id: string;
  username: string;
  username_key: string;
  email: string | null;
  email_key: string | null;
  display_name: string;
  profile_version: number;
}

/** Leaves out what somebody else has inserted just before. */
export async function insertAppAccounts(trx: Knex, accounts: NewAppAccount[]): Promise<AccountRow[]> {
  if (accounts.length === 0) return [];
  const { rows } = await trx.raw<{ rows: RawAccount[] }>(
    `insert into accounts (user_id, external_id, username, username_key, email, email_key, display_name, profile_version,
       created_at, updated_at)
     select user_id, external_id, username, username_key, email, email_key, display_name, profile_version, now, now
     from json_to_recordset(?::json) a(user_id text, external_id text, username text, username_key text, email text,
       email_key text, display_name text, profile_version bigint), date_trunc('milliseconds', clock_timestamp()) now
     order by external_id collate "C" on conflict do nothing returning ${COLUMNS}`,
    [JSON.stringify(accounts)],
  );
  return rows.map(toAccount);
}

export interface NamesChange {
  user_id: string;
  username: string;
  username_key: string;
  email: string | null;
  email_key: string | null;
}

/**
 * They are locked. Nobody has confirmed a new address. @throws a unique violation when somebody
 * else has just taken a name.
 */
export async function updateNames(trx: Knex, changes: NamesChange[]): Promise<AccountRow[]> {
  if (changes.length === 0) return [];
  const { rows } = await trx.raw<{ rows: RawAccount[] }>(
    `update accounts set username = c.new_name, username_key = c.name_key, email = c.new_email, email_key = c.mail_key,
       email_verified = email_verified and email_key is not distinct from c.mail_key, ${NEWER}
     from json_to_recordset(?::json) c(id text, new_name text, name_key text, new_email text, mail_key text)
     where user_id = c.id returning ${COLUMNS}`,
    [
      JSON.stringify(
        changes.map((one) => ({
          id: one.user_id,
          new_name: one.username,
          name_key: one.username_key,
          new_email: one.email,
          mail_key: one.email_key,
        })),
      ),
    ],
  );
  return rows.map(toAccount);
}

/** @returns the new number of each account's profile. */
export async function raiseProfileVersions(trx: Knex, userIds: string[]): Promise<Map<string, number>> {
  const { rows } = await trx.raw<{ rows: { user_id: string; profile_version: number }[] }>(
    'update accounts set profile_version = profile_version + 1 where user_id = any(?) returning user_id, profile_version',
    [userIds],
  );
  return new Map(rows.map(({ user_id, profile_version }) => [user_id, profile_version]));
}
