// Owns: the SQL of read positions and of deliveries, on pg's prepared statements. They only move forward, many in one statement.
import type { Pool } from '@chatapi/kit';

export interface Read {
  room_id: string;
  user_id: string;
  /** Clamped to the room's end. */
  read_seq: number;
}

// The rows are locked in one order first, so that two batches can't deadlock. A jump counts the messages that it passes, once.
const MOVE_READS = `
with wanted as (
  select p.room_id, p.user_id, least(p.read_seq, r.last_seq) read_seq
  from unnest($1::text[], $2::text[], $3::bigint[]) as p(room_id, user_id, read_seq)
  join rooms r on r.id = p.room_id and r.deleted_at is null
), locked as materialized (
  select m.room_id, m.user_id, w.read_seq from wanted w join room_members m on w.room_id = m.room_id and w.user_id = m.user_id
  where w.read_seq > m.read_seq order by m.room_id, m.user_id for update of m
)
update room_members m set
  read_others = m.read_others + (
    select count(*) from messages x where x.room_id = m.room_id and x.seq > m.read_seq and x.seq <= l.read_seq and x.sender_id <> m.user_id
  ),
  read_seq = l.read_seq
from locked l where m.room_id = l.room_id and m.user_id = l.user_id and l.read_seq > m.read_seq
returning m.room_id, m.user_id, m.read_seq`;

/** @returns those that moved; who is no member is passed over. */
export async function moveReads(pool: Pool, reads: Read[]): Promise<Read[]> {
  const values = [reads.map((p) => p.room_id), reads.map((p) => p.user_id), reads.map((p) => p.read_seq)];
  return (await pool.query<Read>({ name: 'move-reads', text: MOVE_READS, values })).rows;
}

export interface Delivery {
  room_id: string;
  user_id: string;
  delivered_seq: number;
}

/** Of each room its two furthest, in order of the rooms' ids. */
function furthestTwo(deliveries: Delivery[]): [Delivery, Delivery | undefined][] {
  const rooms = [...Map.groupBy(deliveries, ({ room_id }) => room_id)].sort(([a], [b]) => (a < b ? -1 : 1));
  return rooms.map(([, list]) => {
    const [first, second] = list.sort((a, b) => b.delivered_seq - a.delivered_seq);
    return [first as Delivery, second];
  });
}

const MOVE_DELIVERIES = `
insert into room_deliveries as d (room_id, first_user, first_seq, second_user, second_seq)
select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[])
on conflict (room_id) do update set (first_user, first_seq, second_user, second_seq) = (
  select (array_agg(f.user_id))[1], (array_agg(f.seq))[1], (array_agg(f.user_id))[2], coalesce((array_agg(f.seq))[2], 0) from (
    select v.user_id, max(v.seq) seq from (values (d.first_user, d.first_seq), (d.second_user, d.second_seq),
      (excluded.first_user, excluded.first_seq), (excluded.second_user, excluded.second_seq)) v(user_id, seq)
    where v.user_id is not null group by v.user_id order by 2 desc limit 2) f)`;

export async function moveDeliveries(pool: Pool, deliveries: Delivery[]): Promise<void> {
  const pairs = furthestTwo(deliveries);
  const values = [
    pairs.map(([first]) => first.room_id),
    pairs.map(([first]) => first.user_id),
    pairs.map(([first]) => first.delivered_seq),
    pairs.map(([, second]) => second?.user_id ?? null),
    pairs.map(([, second]) => second?.delivered_seq ?? 0),
  ];
  await pool.query({ name: 'move-deliveries', text: MOVE_DELIVERIES, values });
}

const FURTHEST = `
select r.room_id, f.* from unnest($1::text[]) as r(room_id) cross join lateral (
  (select m.user_id, 0::bigint delivered_seq, m.read_seq from room_members m where m.room_id = r.room_id order by m.read_seq desc limit 2)
  union all select first_user, first_seq, 0 from room_deliveries d where d.room_id = r.room_id
  union all select second_user, second_seq, 0 from room_deliveries d where d.room_id = r.room_id and second_user is not null) f`;

/** How far one of a room's users is. */
export interface Furthest {
  room_id: string;
  user_id: string;
  delivered_seq: number;
  read_seq: number;
}

export const furthestIn = async (pool: Pool, roomIds: string[]): Promise<Furthest[]> =>
  (await pool.query<Furthest>({ name: 'furthest', text: FURTHEST, values: [roomIds] })).rows;

export interface Placed {
  id: string;
  room_id: string;
  seq: number;
  sender_id: string;
}

const BETWEEN = `
select m.* from unnest($1::text[], $2::bigint[], $3::bigint[]) as s(room_id, first, last) cross join lateral (
  select id, room_id, seq, sender_id from messages where room_id = s.room_id and seq > s.first and seq <= s.last and not is_deleted
  order by seq desc limit $4) m order by m.room_id, m.seq`;

/** Of each room the newest `limit` messages with first < seq ≤ last. */
export async function messagesBetween(
  pool: Pool,
  spans: { room_id: string; first: number; last: number }[],
  limit: number,
): Promise<Placed[]> {
  const values = [spans.map((s) => s.room_id), spans.map((s) => s.first), spans.map((s) => s.last), limit];
  return (await pool.query<Placed>({ name: 'between', text: BETWEEN, values })).rows;
}
