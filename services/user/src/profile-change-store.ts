// SQL of changes of profiles: of many at once, since applications set them by the thousand.
import type { Account } from '@chatapi/bus';
import type { Custom } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { UNTOLD } from './avatar-store.ts';
import { COLUMNS, nameColumns, type ProfileRow, type RawProfile, toProfile } from './profile-store.ts';

/** What a profile has that its user or the application changes. */
export interface ProfileFields {
  user_id: string;
  /** null: the name given at the registration is not known yet. */
  display_name: string | null;
  bio: string;
  avatar_url: string | null;
  custom: Custom;
  app_version: number;
  /** Of a row as it was locked: its avatar was set by a process that did not tell it. */
  avatar_untold?: boolean;
  /** Of a row to write: the avatar that was told with the account. */
  told_avatar_url?: string | undefined;
}

/** Locks them until the transaction ends, in one order. Unknown ids are left out. */
export async function lockProfiles(trx: Knex, ids: string[]): Promise<ProfileFields[]> {
  const { rows } = await trx.raw<{ rows: ProfileFields[] }>(
    `select user_id, display_name, bio, avatar_url, coalesce(custom, '{}') custom, app_version, ${UNTOLD} avatar_untold from profiles p
     where user_id = any(?) order by user_id for no key update`,
    [ids],
  );
  return rows;
}

const changedProfiles = (rows: (RawProfile & { profile_updated_at: Date })[]): ChangedProfile[] =>
  rows.map((row) => ({ ...toProfile(row), profile_updated_at: row.profile_updated_at.toISOString() }));

/**
 * Inserts whole profiles of users who are neither known nor erased. The order of the rows prevents
 * deadlocks.
 * @param fields one for each account, in the same order. @returns what was inserted.
 */
export async function insertProfiles(
  trx: Knex,
  accounts: Account[],
  fields: ProfileFields[],
): Promise<ChangedProfile[]> {
  const rows = fields.map(({ display_name, ...profile }, i) => ({
    ...accounts[i],
    ...profile,
    ...nameColumns(display_name),
  }));
  const { rows: inserted } = await trx.raw<{ rows: (RawProfile & { profile_updated_at: Date })[] }>(
    `insert into profiles as p (user_id, username, email, email_verified, role, status, kind, external_id, created_at, account_updated_at,
       display_name, display_key, folded_name, fold_version, bio, avatar_url, custom, app_version, profile_updated_at, avatar_told_at)
     select user_id, username, email, coalesce(email_verified, false), role, status, coalesce(kind, 'user'), external_id, created_at, updated_at,
       "displayName", "displayKey", "foldedName", "foldVersion", bio, avatar_url, custom, app_version, at, at
     from json_to_recordset(?::json) a(user_id text, username text, email text, email_verified boolean, role text, status text, kind text,
       external_id text, created_at timestamptz, updated_at timestamptz, "displayName" text, "displayKey" text, "foldedName" text,
       "foldVersion" smallint, bio text, avatar_url text, custom json, app_version bigint),
       date_trunc('milliseconds', statement_timestamp()) at
     where not exists (select from erased e where e.user_id = a.user_id) order by user_id
     on conflict (user_id) do nothing returning ${COLUMNS}, p.profile_updated_at`,
    [JSON.stringify(rows)],
  );
  return changedProfiles(inserted);
}

/** Both columns get one value: the time does not pass within a statement. */
const NOW = `greatest(date_trunc('milliseconds', statement_timestamp()), p.profile_updated_at + interval '1 millisecond')`;

export type ChangedProfile = ProfileRow & { profile_updated_at: string };

/**
 * Lock them first. `profile_updated_at` grows strictly, so that subscribers can tell which of two
 * facts is newer. Tell the avatars that changed: they count as told.
 */
export async function saveProfiles(trx: Knex, changed: ProfileFields[]): Promise<ChangedProfile[]> {
  const { rows } = await trx.raw<{ rows: (RawProfile & { profile_updated_at: Date })[] }>(
    `update profiles p set display_name = t."displayName", display_key = t."displayKey", folded_name = t."foldedName",
       fold_version = t."foldVersion", bio = t.bio, avatar_url = t.avatar_url, custom = t.custom, app_version = t.app_version,
       profile_updated_at = ${NOW}, avatar_told_at = ${NOW}
     from json_to_recordset(?::json) t(user_id text, "displayName" text, "displayKey" text, "foldedName" text,
       "foldVersion" smallint, bio text, avatar_url text, custom json, app_version bigint)
     where p.user_id = t.user_id returning ${COLUMNS}, p.profile_updated_at`,
    [JSON.stringify(changed.map(({ display_name, ...fields }) => ({ ...fields, ...nameColumns(display_name) })))],
  );
  return changedProfiles(rows);
}
