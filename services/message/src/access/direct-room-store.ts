import type { Knex } from '@chatapi/kit/data';

/**
 * SQL: whether a member of `room` was erased. In direct rooms their membership stays. No `exists`:
 * PostgreSQL may answer that by reading all rooms.
 */
export const erasedMemberOf = (room: string): string =>
  `coalesce((select true from room_members o join people p on p.user_id = o.user_id and p.erased_at is not null where o.room_id = ${room} limit 1), false)`;

export async function hasErasedPeer(trx: Knex, roomId: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: { erased: boolean }[] }>(`select ${erasedMemberOf('?')} erased`, [roomId]);
  return (rows[0] as { erased: boolean }).erased;
}

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
 * Ends what the access caches of all instances remember of the user's direct rooms. Locks them in
 * the order of sends.
 */
export const forgetDirectRooms = async (trx: Knex, userId: string): Promise<void> =>
  void (await trx.raw(
    `with direct as (
       select r.id from room_members m join rooms r on r.id = m.room_id and r.kind = 'direct'
       where m.user_id = ? order by r.id collate "C" for update of r
     ) update rooms set version = version + 1 where id in (select id from direct)`,
    [userId],
  ));
