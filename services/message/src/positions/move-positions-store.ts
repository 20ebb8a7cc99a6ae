// Read positions and deliveries only move forward. A statement moves many and returns the messages
// whose status changed: the newest MAX_STATUS_CHANGES per room (history shows the status of all).
// Two instances that move the same room at once may return the same message.
import type { Pool } from '@chatapi/kit/data';
import { type ReadState, unreadOf } from './unread-store.ts';

/** A message whose status changed. */
export interface StatusChange {
  id: string;
  room_id: string;
  sender_id: string;
}

export interface ReadPosition {
  room_id: string;
  user_id: string;
  read_seq: number;
}

export interface DeliveryPosition {
  room_id: string;
  user_id: string;
  delivered_seq: number;
}

/** Maximum number of messages per room and statement. */
const MAX_STATUS_CHANGES = 50;

/** Whether another user had read message `x` before the statement. */
const WAS_READ =
  'exists (select from room_members b where b.room_id = x.room_id and b.read_seq >= x.seq and b.user_id <> x.sender_id)';

// Rows are locked in a fixed order first, to prevent deadlocks. A move counts the messages it
// passes (`read_others`). The two furthest positions tell which messages another user has read now.
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
  returning m.room_id, m.user_id, m.read_seq, m.read_others, l.was
), furthest as (
  select room_id, min(was) was, array_agg(user_id order by read_seq desc) users, array_agg(read_seq order by read_seq desc) seqs
  from moved group by room_id
)
select x.id, x.room_id, x.sender_id, null user_id, null::bigint read_seq, null::bigint unread_count, null::bigint last_seq from furthest f cross join lateral (
  select id, room_id, sender_id, seq from messages where room_id = f.room_id and seq > f.was and seq <= f.seqs[1] and not is_deleted
  order by seq desc limit ${MAX_STATUS_CHANGES}) x
where (f.users[1] <> x.sender_id or (f.users[2] <> x.sender_id and f.seqs[2] >= x.seq)) and not ${WAS_READ}
union all
select null, m.room_id, null, m.user_id, m.read_seq, ${unreadOf('m')}, r.last_seq from moved m join rooms r on r.id = m.room_id
left join room_senders s on s.room_id = m.room_id and s.user_id = m.user_id
order by room_id, id`;

type MoveRow = StatusChange | (ReadState & { id: null });

export interface MovedReads {
  /** Messages that are `read` now. */
  risen: StatusChange[];
  /** The positions that moved. */
  moved: ReadState[];
}

/** Skips non-members and clamps positions to the head. */
export async function moveReads(pool: Pool, reads: ReadPosition[]): Promise<MovedReads> {
  const values = [reads.map((p) => p.room_id), reads.map((p) => p.user_id), reads.map((p) => p.read_seq)];
  const { rows } = await pool.query<MoveRow>({ name: 'move-reads', text: MOVE_READS, values });
  return {
    risen: rows.filter((row) => row.id !== null),
    moved: rows.flatMap((row) => (row.id === null ? [row] : [])),
  };
}

/** The two furthest deliveries of each room, in order of room id. */
function furthestTwo(deliveries: DeliveryPosition[]): [DeliveryPosition, DeliveryPosition | undefined][] {
  const rooms = [...Map.groupBy(deliveries, ({ room_id }) => room_id)].sort(([a], [b]) => (a < b ? -1 : 1));
  return rooms.map(([, list]) => {
    const [first, second] = list.sort((a, b) => b.delivered_seq - a.delivered_seq);
    return [first as DeliveryPosition, second];
  });
}

// The stored row (d) and the new one (excluded) each have two users in order. The new first is the
// further of both firsts; the new second is the further of the rest without that user. In the
// select, d is the row before the statement.
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
  order by seq desc limit ${MAX_STATUS_CHANGES}) x
where (g.first_user <> x.sender_id or (g.second_user <> x.sender_id and g.second_seq >= x.seq))
  and (d.first_user = x.sender_id or d.first_seq < x.seq or d.room_id is null) and not ${WAS_READ}
order by x.room_id, x.seq`;

/** @returns messages that are `delivered` now and not `read`. */
export async function moveDeliveries(pool: Pool, deliveries: DeliveryPosition[]): Promise<StatusChange[]> {
  const pairs = furthestTwo(deliveries);
  const values = [
    pairs.map(([first]) => first.room_id),
    pairs.map(([first]) => first.user_id),
    pairs.map(([first]) => first.delivered_seq),
    pairs.map(([, second]) => second?.user_id ?? null),
    pairs.map(([, second]) => second?.delivered_seq ?? 0),
  ];
  return (await pool.query<StatusChange>({ name: 'move-deliveries', text: MOVE_DELIVERIES, values })).rows;
}
