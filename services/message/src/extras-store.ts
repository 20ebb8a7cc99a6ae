// Owns: what is shown of messages and does not stand in their rows: reactions, and how far the people of their rooms are. One
// statement for any number of messages: as two they cost a page a tenth more.
import type { Pipes } from '@chatapi/kit';
import type { Reaction } from './frames.ts';

/** How far one of a room's users is. */
export interface Furthest {
  room_id: string;
  user_id: string;
  delivered_seq: number;
  read_seq: number;
}

type Place = { room_id: string; seq: number };

export interface Extras {
  /** In the order in which they first were given. */
  reactionsOf(place: Place): Reaction[];
  /** At least the two furthest readers and the two furthest receivers. */
  furthestIn(roomId: string): Furthest[];
}

const SHOWN = 20;

const REACTIONS = `
select r.room_id, r.seq, r.emoji, count(*) count, (array_agg(r.user_id order by r.created_at, r.user_id))[1:${SHOWN}] user_ids
from unnest($1::text[], $2::bigint[]) as p(room_id, seq) join reactions r on r.room_id = p.room_id and r.seq = p.seq
group by r.room_id, r.seq, r.emoji order by min(r.created_at), r.emoji`;

const FURTHEST = `
select r.room_id, f.* from unnest($3::text[]) as r(room_id) cross join lateral (
  (select m.user_id, 0::bigint delivered_seq, m.read_seq from room_members m where m.room_id = r.room_id order by m.read_seq desc limit 2)
  union all select first_user, first_seq, 0 from room_deliveries d where d.room_id = r.room_id
  union all select second_user, second_seq, 0 from room_deliveries d where d.room_id = r.room_id and second_user is not null) f`;

const EXTRAS = `
select (select coalesce(json_agg(x), '[]') from (${REACTIONS}) x) reactions,
  (select coalesce(json_agg(x), '[]') from (${FURTHEST}) x) furthest`;

const keyOf = ({ room_id, seq }: Place): string => `${room_id} ${seq}`;

export async function extrasOf(reads: Pipes, places: Place[]): Promise<Extras> {
  const rooms = places.map(({ room_id }) => room_id);
  const values = [rooms, places.map(({ seq }) => seq), [...new Set(rooms)]];
  const { rows } = await reads.query<{ reactions: (Place & Reaction)[]; furthest: Furthest[] }>({
    name: 'extras',
    text: EXTRAS,
    values,
  });
  const { reactions = [], furthest = [] } = rows[0] ?? {};
  const byPlace = Map.groupBy(reactions, keyOf);
  const byRoom = Map.groupBy(furthest, ({ room_id }) => room_id);
  return {
    reactionsOf: (place) =>
      (byPlace.get(keyOf(place)) ?? []).map(({ emoji, count, user_ids }) => ({ emoji, count, user_ids })),
    furthestIn: (roomId) => byRoom.get(roomId) ?? [],
  };
}
