import type { Knex } from '@chatapi/kit';

type Place = { room_id: string; seq: number };

/** @returns false when it was there already. */
export async function addReaction(
  trx: Knex,
  { room_id, seq }: Place,
  user_id: string,
  emoji: string,
): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    'insert into reactions (room_id, seq, emoji, user_id) values (?, ?, ?, ?) on conflict do nothing',
    [room_id, seq, emoji, user_id],
  );
  return rowCount === 1;
}

/** @returns false when there was none. */
export const removeReaction = async (
  trx: Knex,
  { room_id, seq }: Place,
  user_id: string,
  emoji: string,
): Promise<boolean> => (await trx('reactions').where({ room_id, seq, emoji, user_id }).delete()) === 1;

export const clearReactions = async (trx: Knex, { room_id, seq }: Place): Promise<void> =>
  void (await trx('reactions').where({ room_id, seq }).delete());
