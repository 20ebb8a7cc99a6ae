import type { Knex, PipelinedPool } from '@chatapi/kit/data';
import type { UserSummary } from '../log/user-summary.ts';

const WAITING = 'select exists (select from people_changes) waiting';

/** A cheap check without locks: usually nobody has changed. */
export const hasChanges = async (reads: PipelinedPool): Promise<boolean> =>
  (await reads.query<{ waiting: boolean }>({ name: 'people-changed', text: WAITING, values: [] })).rows[0]?.waiting ===
  true;

/** Deletes changes, which others skip until the end of `trx`; a crash brings them back. */
export async function takeChanged(trx: Knex, limit: number): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { user_id: string }[] }>(
    `delete from people_changes where user_id in (
       select user_id from people_changes order by changed_at limit ? for update skip locked) returning user_id`,
    [limit],
  );
  return rows.map(({ user_id }) => user_id);
}

/** As they are now, without erased ones. */
export async function changedPeople(trx: Knex, ids: string[]): Promise<(UserSummary & { user_id: string })[]> {
  const { rows } = await trx.raw<{ rows: (UserSummary & { user_id: string })[] }>(
    `select user_id, username, coalesce(nullif(display_name, ''), username) display_name, avatar_url, kind
     from people where user_id = any(?) and erased_at is null`,
    [ids],
  );
  return rows;
}
