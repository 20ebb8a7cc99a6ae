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
