import type { Knex } from '@chatapi/kit/data';

/** The end of the user's current mute in this room. */
export const findMute = async (db: Knex, roomId: string, userId: string): Promise<Date | undefined> =>
  (
    await db('room_mutes')
      .where({ room_id: roomId, user_id: userId })
      .where('until', '>', db.raw('clock_timestamp()'))
      .first('until')
  )?.until;

/** Seconds between two joins or leaves of a muted user. */
const MOVE_INTERVAL_S = 10;

/**
 * Notes that a muted user comes or goes. @returns the milliseconds to wait, 0 for those who may.
 */
export async function noteMove(trx: Knex, roomId: string, userId: string): Promise<number> {
  const where = `room_id = ? and user_id = ? and until > clock_timestamp()`;
  const due = `moved_at + interval '${MOVE_INTERVAL_S} seconds'`;
  const { rows } = await trx.raw<{ rows: { ms: number }[] }>(
    `with noted as (
       update room_mutes set moved_at = clock_timestamp()
       where ${where} and coalesce(${due} <= clock_timestamp(), true)
     )
     select (extract(epoch from ${due} - clock_timestamp()) * 1000)::float8 ms from room_mutes
     where ${where} and ${due} > clock_timestamp()`,
    [roomId, userId, roomId, userId],
  );
  return rows[0]?.ms ?? 0;
}

/** Also raises the room's version, which invalidates the access cache of every instance. */
export async function saveMute(trx: Knex, roomId: string, userId: string, until: Date): Promise<void> {
  await trx('room_mutes').where('room_id', roomId).where('until', '<=', trx.raw('clock_timestamp()')).delete();
  await trx('room_mutes')
    .insert({ room_id: roomId, user_id: userId, until })
    .onConflict(['room_id', 'user_id'])
    .merge(['until']);
  await trx('rooms').where('id', roomId).increment('version', 1);
}

export const deleteMute = async (trx: Knex, roomId: string, userId: string): Promise<void> =>
  void (await trx('room_mutes').where({ room_id: roomId, user_id: userId }).delete());
