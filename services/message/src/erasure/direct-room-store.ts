// SQL of the direct rooms of an erased user.
import type { Knex } from '@chatapi/kit/data';

/** Ids of the direct rooms of a user. */
export async function directRoomsOf(db: Knex, userId: string): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `select r.id from room_members m join rooms r on r.id = m.room_id and r.kind = 'direct' and r.deleted_at is null
     where m.user_id = ? order by r.id`,
    [userId],
  );
  return rows.map(({ id }) => id);
}

/**
 * Ends what the access caches of all instances remember of the users' direct rooms. Locks them in
 * the order of sends.
 */
export const forgetDirectRooms = async (trx: Knex, userIds: string[]): Promise<void> =>
  void (await trx.raw(
    `with direct as (
       select r.id from room_members m join rooms r on r.id = m.room_id and r.kind = 'direct'
       where m.user_id = any(?) order by r.id collate "C" for update of r
     ) update rooms set version = version + 1 where id in (select id from direct)`,
    [userIds],
  ));
