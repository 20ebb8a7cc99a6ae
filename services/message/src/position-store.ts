// Owns: the SQL of read positions and of deliveries, on pg's prepared statements. They only move forward, many in one statement, which
// says of which messages the status rose by it.
// Limit: of a jump only the newest messages are said; history shows the others' status all the same. Two instances that move the same
// room at once may both say it.
import type { Pool } from '@chatapi/kit';

/** A message whose status rose. */
export interface Risen {
  id: string;
  room_id: string;
  sender_id: string;
}

export interface Read {
  room_id: string;
  user_id: string;
  read_seq: number;
}

export interface Delivery {
  room_id: string;
  user_id: string;
  delivered_seq: number;
}

/** Of a room's jump as many messages at most. */
const MOST_RISEN = 50;

/** Whether somebody else has read a message `x` as of before the statement. */
const WAS_READ =
  'exists (select from room_members b where b.room_id = x.room_id and b.read_seq >= x.seq and b.user_id <> x.sender_id)';

// The rows are locked in one order first, so that two batches can't deadlock. A jump counts the messages that it passes, once. Who
// moved furthest, and next to that, say which messages somebody else than their sender has read now.
const MOVE_READS = `
with wanted as (
  select p.room_id, p.user_id, least(p.read_seq, r.last_seq) read_seq
  from unnest($1::text[], $2::text[], $3::bigint[]) as p(room_id, user_id, read_seq)
  join rooms r on r.id = p.room_id and r.deleted_at is null
), locked as materialized (
  select m.room_id, m.user_id, w.read_seq, m.read_seq was from wanted w join room_members m on w.room_id = m.room_id and w.user_id = m.user_id
  where w.read_seq > m.read_seq order by m.room_id, m.user_id for update of m
), moved as (
  update room_members m set
    read_others = m.read_others + (
      select count(*) from messages x where x.room_id = m.room_id and x.seq > m.read_seq and x.seq <= l.read_seq and x.sender_id <> m.user_id
    ),
    read_seq = l.read_seq
  from locked l where m.room_id = l.room_id and m.user_id = l.user_id
  returning m.room_id, m.user_id, m.read_seq, l.was
), furthest as (
  select room_id, min(was) was, array_agg(user_id order by read_seq desc) users, array_agg(read_seq order by read_seq desc) seqs
  from moved group by room_id
)
select x.id, x.room_id, x.sender_id from furthest f cross join lateral (
  select id, room_id, sender_id, seq from messages where room_id = f.room_id and seq > f.was and seq <= f.seqs[1] and not is_deleted
  order by seq desc limit ${MOST_RISEN}) x
where (f.users[1] <> x.sender_id or (f.users[2] <> x.sender_id and f.seqs[2] >= x.seq)) and not ${WAS_READ}
order by x.room_id, x.seq`;

/** Who is no member is passed over; a position is clamped to the room's end. @returns messages that are read now. */
export async function moveReads(pool: Pool, reads: Read[]): Promise<Risen[]> {
  const values = [reads.map((p) => p.room_id), reads.map((p) => p.user_id), reads.map((p) => p.read_seq)];
  return (await pool.query<Risen>({ name: 'move-reads', text: MOVE_READS, values })).rows;
}

/** Of each room its two furthest, in order of the rooms' ids. */
function furthestTwo(deliveries: Delivery[]): [Delivery, Delivery | undefined][] {
  const rooms = [...Map.groupBy(deliveries, ({ room_id }) => room_id)].sort(([a], [b]) => (a < b ? -1 : 1));
  return rooms.map(([, list]) => {
    const [first, second] = list.sort((a, b) => b.delivered_seq - a.delivered_seq);
    return [first as Delivery, second];
  });
}

// Of what is there (d) and what comes (excluded), each two users in order, the furthest is one of the first; second is the further of
// what each has beside that user. d in the select is as of before the statement.
const MOVE_DELIVERIES = `
with given as (
  select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[]) as g(room_id, first_user, first_seq, second_user, second_seq)
), moved as (
  insert into room_deliveries as d (room_id, first_user, first_seq, second_user, second_seq) select * from given
  on conflict (room_id) do update set
    first_user = case when excluded.first_seq > d.first_seq then excluded.first_user else d.first_user end,
    first_seq = greatest(excluded.first_seq, d.first_seq),
    (second_user, second_seq) = (
      select case when b.seq > a.seq then b.user_id else a.user_id end, greatest(a.seq, b.seq)
      from (select case when excluded.first_seq > d.first_seq then excluded.first_user else d.first_user end user_id) top,
        lateral (select case when d.first_user = top.user_id then d.second_user else d.first_user end user_id,
          case when d.first_user = top.user_id then d.second_seq else d.first_seq end seq) a,
        lateral (select case when excluded.first_user = top.user_id then excluded.second_user else excluded.first_user end user_id,
          case when excluded.first_user = top.user_id then excluded.second_seq else excluded.first_seq end seq) b)
  where excluded.first_seq > d.second_seq
)
select x.id, x.room_id, x.sender_id from given g left join room_deliveries d on d.room_id = g.room_id cross join lateral (
  select id, room_id, sender_id, seq from messages
  where room_id = g.room_id and seq > coalesce(d.second_seq, 0) and seq <= g.first_seq and not is_deleted
  order by seq desc limit ${MOST_RISEN}) x
where (g.first_user <> x.sender_id or (g.second_user <> x.sender_id and g.second_seq >= x.seq))
  and (d.first_user = x.sender_id or d.first_seq < x.seq or d.room_id is null) and not ${WAS_READ}
order by x.room_id, x.seq`;

/** @returns messages that were delivered by it, and are not read either. */
export async function moveDeliveries(pool: Pool, deliveries: Delivery[]): Promise<Risen[]> {
  const pairs = furthestTwo(deliveries);
  const values = [
    pairs.map(([first]) => first.room_id),
    pairs.map(([first]) => first.user_id),
    pairs.map(([first]) => first.delivered_seq),
    pairs.map(([, second]) => second?.user_id ?? null),
    pairs.map(([, second]) => second?.delivered_seq ?? 0),
  ];
  return (await pool.query<Risen>({ name: 'move-deliveries', text: MOVE_DELIVERIES, values })).rows;
}
