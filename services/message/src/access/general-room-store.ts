import type { Knex } from '@chatapi/kit/data';

/** The room of which every user is a member. Its log has no membership events. */
export const GENERAL = 'general';

/** Inserts missing members, without erased users. Locks the room only when it inserted some. */
export async function enterGeneral(db: Knex, userIds: string[]): Promise<void> {
  await db.raw(
    `with entered as (
       insert into room_members (room_id, user_id, role) select '${GENERAL}', u, 'member' from unnest(?::text[]) u
         where not exists (select from people where user_id = u and erased_at is not null) on conflict do nothing returning 1
     ) update rooms set member_count = member_count + (select count(*) from entered) where id = '${GENERAL}' and exists (select 1 from entered)`,
    [userIds],
  );
}
