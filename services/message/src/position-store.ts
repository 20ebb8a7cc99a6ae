// Owns: the SQL of read and delivered positions. They only move forward, never past the room's end, many in one statement.
import type { Knex } from '@chatapi/kit';

export interface Position {
  room_id: string;
  user_id: string;
  delivered_seq: number;
  read_seq: number;
}

// The rows are locked in one order first, so that two nodes' batches can't deadlock. A jump counts the messages that it passes, once.
const MOVE = `
with wanted as (
  select p.room_id, p.user_id, least(p.read_seq, r.last_seq) read_seq, least(greatest(p.delivered_seq, p.read_seq), r.last_seq) delivered_seq
  from unnest(?::text[], ?::text[], ?::bigint[], ?::bigint[]) as p(room_id, user_id, delivered_seq, read_seq)
  join rooms r on r.id = p.room_id and r.deleted_at is null
), locked as materialized (
  select m.room_id, m.user_id from room_members m join wanted w on w.room_id = m.room_id and w.user_id = m.user_id
  where w.read_seq > m.read_seq or w.delivered_seq > m.delivered_seq order by m.room_id, m.user_id for update of m
)
update room_members m set
  read_others = m.read_others + (
    select count(*) from messages x where x.room_id = m.room_id and x.seq > m.read_seq and x.seq <= w.read_seq and x.sender_id <> m.user_id
  ),
  read_seq = greatest(m.read_seq, w.read_seq), delivered_seq = greatest(m.delivered_seq, w.delivered_seq)
from wanted w join locked l on l.room_id = w.room_id and l.user_id = w.user_id
where m.room_id = w.room_id and m.user_id = w.user_id returning m.room_id, m.user_id`;

/** @returns how many rows moved. */
export async function movePositions(trx: Knex, positions: Position[]): Promise<number> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(MOVE, [
    positions.map((p) => p.room_id),
    positions.map((p) => p.user_id),
    positions.map((p) => p.delivered_seq),
    positions.map((p) => p.read_seq),
  ]);
  return rowCount;
}

export interface Placed {
  id: string;
  room_id: string;
  seq: number;
  sender_id: string;
}

/** Of each room the newest `limit` messages with first < seq ≤ last. */
export async function messagesBetween(
  db: Knex,
  spans: { room_id: string; first: number; last: number }[],
  limit: number,
): Promise<Placed[]> {
  const { rows } = await db.raw<{ rows: Placed[] }>(
    `select m.* from unnest(?::text[], ?::bigint[], ?::bigint[]) as s(room_id, first, last) cross join lateral (
       select id, room_id, seq, sender_id from messages where room_id = s.room_id and seq > s.first and seq <= s.last and not is_deleted
       order by seq desc limit ?) m order by m.room_id, m.seq`,
    [spans.map((s) => s.room_id), spans.map((s) => s.first), spans.map((s) => s.last), limit],
  );
  return rows;
}
