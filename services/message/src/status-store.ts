// Owns: how far a room's readers are, as far as a message's status needs to know: the two that are furthest, since one may be its sender.
import type { Knex } from '@chatapi/kit';
import type { Message } from './frames.ts';

export interface Furthest {
  user_id: string;
  delivered_seq: number;
  read_seq: number;
}
/** By room: the two furthest readers and the two furthest receivers. */
export type Positions = Map<string, Furthest[]>;

const COLUMNS = 'm.user_id, m.delivered_seq, m.read_seq';
const FURTHEST = `
select r.room_id, f.* from unnest(?::text[]) as r(room_id) cross join lateral (
  (select ${COLUMNS} from room_members m where m.room_id = r.room_id order by m.read_seq desc limit 2)
  union (select ${COLUMNS} from room_members m where m.room_id = r.room_id order by m.delivered_seq desc limit 2)) f`;

export async function positionsOf(db: Knex, roomIds: string[]): Promise<Positions> {
  const { rows } = await db.raw<{ rows: (Furthest & { room_id: string })[] }>(FURTHEST, [roomIds]);
  return Map.groupBy(rows, (row) => row.room_id);
}

/** `read` as soon as one other person has read it, `delivered` as soon as one other's connection took it. */
export function statusOf(furthest: Furthest[], senderId: string, seq: number): Message['status'] {
  const others = furthest.filter(({ user_id }) => user_id !== senderId);
  if (others.some(({ read_seq }) => read_seq >= seq)) return 'read';
  return others.some(({ delivered_seq }) => delivered_seq >= seq) ? 'delivered' : 'sent';
}
