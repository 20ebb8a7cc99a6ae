// The number of unread messages of a user in a room. What was read moves in
// move-positions-store.ts.
import type { Pool } from '@chatapi/kit/data';

/**
 * SQL: unread messages of `member`, a row of `room_members`, in room `r`, with the user's row `s`
 * of `room_senders`. All messages − those by the user − those by others up to the user's position −
 * deleted ones by others after it. The first three are counters, the last uses a partial index, so
 * the cost does not grow with the number of unread messages.
 */
export const unreadOf = (member: string): string => `r.message_count - coalesce(s.sent, 0) - ${member}.read_others - (
    select count(*) from messages d where d.room_id = r.id and d.is_deleted and d.seq > ${member}.read_seq and d.sender_id <> ${member}.user_id)`;

/** As of `last_seq`: unread messages with a higher seq come on top. */
export interface ReadState {
  room_id: string;
  user_id: string;
  read_seq: number;
  unread_count: number;
  last_seq: number;
}

const READ_STATES = `
select m.room_id, m.user_id, m.read_seq, ${unreadOf('m')} unread_count, r.last_seq
from unnest($1::text[], $2::text[]) as i(room_id, user_id)
join room_members m on m.room_id = i.room_id and m.user_id = i.user_id
join rooms r on r.id = m.room_id and r.deleted_at is null
left join room_senders s on s.room_id = m.room_id and s.user_id = m.user_id`;

/** Where users stand in rooms. Rooms of which one is no member are left out. */
export async function readStates(pool: Pool, asked: { user_id: string; rooms: string[] }[]): Promise<ReadState[]> {
  const values = [asked.flatMap(({ rooms }) => rooms), asked.flatMap(({ user_id, rooms }) => rooms.map(() => user_id))];
  return (await pool.query<ReadState>({ name: 'read-states', text: READ_STATES, values })).rows;
}
