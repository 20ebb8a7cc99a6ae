import type { Knex } from '@chatapi/kit';

/** Everyone is in it from the start: no event tells of it, and nobody joins or leaves. */
export const GENERAL = 'general';

/** Rows for people that have none yet; locks the room only when there is one to count. */
export async function enterGeneral(db: Knex, userIds: string[]): Promise<void> {
  await db.raw(
    `with entered as (
       insert into room_members (room_id, user_id, role) select '${GENERAL}', u, 'member' from unnest(?::text[]) u
         where not exists (select from people where user_id = u and erased_at is not null) on conflict do nothing returning 1
     ) update rooms set member_count = member_count + (select count(*) from entered) where id = '${GENERAL}' and exists (select 1 from entered)`,
    [userIds],
  );
}
