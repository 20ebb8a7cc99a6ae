import type { Knex } from '@chatapi/kit';

/** Until when this user is muted here; a mute that is over is none. */
export const findMute = async (db: Knex, roomId: string, userId: string): Promise<Date | undefined> =>
  (
    await db('room_mutes')
      .where({ room_id: roomId, user_id: userId })
      .where('until', '>', db.raw('clock_timestamp()'))
      .first('until')
  )?.until;

/** Also raises the room's version: who was known to may post has to be looked up again, on every instance. */
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
