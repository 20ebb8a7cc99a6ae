import type { Knex, Pool } from '@chatapi/kit';
import type { Reaction } from './frames.ts';

/** By `<room> <seq>`. */
export type ReactionCounts = Map<string, Reaction[]>;

const SHOWN = 20;

const COUNTS = `
select r.room_id, r.seq, r.emoji, count(*) count, (array_agg(r.user_id order by r.created_at, r.user_id))[1:${SHOWN}] user_ids
from unnest($1::text[], $2::bigint[]) as p(room_id, seq) join reactions r on r.room_id = p.room_id and r.seq = p.seq
group by r.room_id, r.seq, r.emoji order by min(r.created_at), r.emoji`;

export async function reactionsOf(reads: Pool, messages: { room_id: string; seq: number }[]): Promise<ReactionCounts> {
  const { rows } = await reads.query<Reaction & { room_id: string; seq: number }>({
    name: 'reactions',
    text: COUNTS,
    values: [messages.map((m) => m.room_id), messages.map((m) => m.seq)],
  });
  const counts: ReactionCounts = new Map();
  for (const { room_id, seq, ...reaction } of rows) {
    const key = `${room_id} ${seq}`;
    counts.set(key, [...(counts.get(key) ?? []), reaction]);
  }
  return counts;
}

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
