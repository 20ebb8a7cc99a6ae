// Reactions, by message and by key of the emoji (log/emoji.ts).
import type { Knex, PipelinedPool } from '@chatapi/kit/data';

type Place = { room_id: string; seq: number };

/** @returns false when it existed. */
export async function addReaction(trx: Knex, { room_id, seq }: Place, user_id: string, key: string): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    'insert into reactions (room_id, seq, emoji, user_id) values (?, ?, ?, ?) on conflict do nothing',
    [room_id, seq, key, user_id],
  );
  return rowCount === 1;
}

/** @returns false when it did not exist. */
export const removeReaction = async (
  trx: Knex,
  { room_id, seq }: Place,
  user_id: string,
  key: string,
): Promise<boolean> => (await trx('reactions').where({ room_id, seq, emoji: key, user_id }).delete()) === 1;

export const countReactions = async (trx: Knex, { room_id, seq }: Place, key: string): Promise<number> =>
  Number((await trx('reactions').where({ room_id, seq, emoji: key }).count({ n: '*' }))[0]?.n);

export const countEmojis = async (trx: Knex, { room_id, seq }: Place): Promise<number> =>
  Number((await trx('reactions').where({ room_id, seq }).countDistinct({ n: 'emoji' }))[0]?.n);

export const clearReactions = async (trx: Knex, { room_id, seq }: Place): Promise<void> =>
  void (await trx('reactions').where({ room_id, seq }).delete());

export interface Reactor {
  user_id: string;
  created_at: Date;
}

// In the order of the primary key: a page costs the same at any depth.
const REACTORS = `
select user_id, created_at from reactions where room_id = $1 and seq = $2 and emoji = $3 and user_id > $4
order by user_id limit $5 offset $6`;

/** Who reacted with this emoji, in order of id, after the user `after`. */
export const findReactors = async (
  reads: PipelinedPool,
  { room_id, seq }: Place,
  key: string,
  { after, limit, skip }: { after: string; limit: number; skip: number },
): Promise<Reactor[]> =>
  (
    await reads.query<Reactor>({
      name: 'reactors',
      text: REACTORS,
      values: [room_id, seq, key, after, limit, skip],
    })
  ).rows;
