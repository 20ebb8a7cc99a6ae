// SQL of changes of profiles that the user service has not confirmed.
import type { Custom } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';

export interface ProfileChange {
  display_name?: string;
  bio?: string;
  avatar_url?: string | null;
  /** The avatar with which the account was told. */
  told_avatar_url?: string;
  /** Merge patches, one after the other: two can't be made one. */
  custom?: Custom[];
}

export interface PendingChange {
  user_id: string;
  version: number;
  change: ProfileChange;
}

export async function pendingChanges(db: Knex, userIds: string[]): Promise<PendingChange[]> {
  const { rows } = await db.raw<{ rows: PendingChange[] }>(
    'select user_id, version, change from profile_changes where user_id = any(?) order by user_id',
    [userIds],
  );
  return rows;
}

/** Replaces what is pending: put that in. `seconds`: until the sweep takes it, if nobody did. */
export async function putChanges(trx: Knex, changes: PendingChange[], seconds: number): Promise<void> {
  await trx.raw(
    `insert into profile_changes (user_id, version, change, due_at)
     select user_id, version, change, clock_timestamp() + ? * interval '1 second'
     from jsonb_to_recordset(?::jsonb) c(user_id text, version bigint, change jsonb)
     on conflict (user_id) do update set version = excluded.version, change = excluded.change, due_at = excluded.due_at`,
    [seconds, JSON.stringify(changes)],
  );
}

/** What was changed again meanwhile stays. */
export async function deleteChanges(db: Knex, done: PendingChange[]): Promise<void> {
  await db.raw(
    `delete from profile_changes p using unnest(?::text[], ?::bigint[]) d(user_id, version)
     where p.user_id = d.user_id and p.version = d.version`,
    [done.map(({ user_id }) => user_id), done.map(({ version }) => version)],
  );
}

/** Of the oldest that are due; they are due again after `seconds`. */
export async function takeDueChanges(db: Knex, limit: number, seconds: number): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { user_id: string }[] }>(
    `update profile_changes set due_at = clock_timestamp() + ? * interval '1 second' where user_id in (
       select user_id from profile_changes where due_at <= clock_timestamp() order by due_at limit ? for update skip locked)
     returning user_id`,
    [seconds, limit],
  );
  return rows.map(({ user_id }) => user_id);
}
