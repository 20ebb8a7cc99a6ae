import type { Knex } from '@chatapi/kit/data';

/** The room of which every user is a member. Its log has no membership events. */
export const GENERAL = 'general';

/**
 * Inserts missing members, without erased users. The room's row is not touched: sends and other
 * entrants would wait for it. `foldEntries` counts them later.
 */
export async function enterGeneral(db: Knex, userIds: string[]): Promise<void> {
  await db.raw(
    `with entered as (
       insert into room_members (room_id, user_id, role) select '${GENERAL}', u, 'member' from unnest(?::text[]) u
         where not exists (select from people where user_id = u and erased_at is not null)
         order by u on conflict do nothing returning 1
     ) insert into general_entries (entered) select count(*) from entered having count(*) > 0`,
    [userIds],
  );
}

/** Adds members not counted yet to the room's count. @returns how many. */
export async function foldEntries(db: Knex): Promise<number> {
  const { rows } = await db.raw<{ rows: [{ folded: number }] }>(
    `with taken as (
       delete from general_entries where id in (select id from general_entries order by id limit 1000 for update skip locked)
       returning entered
     ), total as (select coalesce(sum(entered), 0)::int n from taken
     ), counted as (update rooms set member_count = member_count + n from total where id = '${GENERAL}' and n > 0)
     select n as folded from total`,
  );
  return rows[0].folded;
}
