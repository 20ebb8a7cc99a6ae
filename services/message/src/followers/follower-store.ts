// What followers of the log ask: which rooms have moved, and where a moment was in their logs.
import type { Knex, PipelinedPool, Pool } from '@chatapi/kit/data';

/** A follower that does not come back is told nothing: it compares all heads when it does. */
const LEASE = `interval '60 seconds'`;

export interface Lease {
  /** By the clock of the database, in ms. */
  now: number;
}

const NOW = `floor(extract(epoch from clock_timestamp()) * 1000)::float8`;

export async function renewFollower(db: Knex, service: string, follows: boolean): Promise<Lease> {
  if (follows)
    await db.raw(
      `insert into followers (service, until) values (?, clock_timestamp() + ${LEASE})
       on conflict (service) do update set until = excluded.until`,
      [service],
    );
  else await db.raw('delete from followers where service = ?', [service]);
  const { rows } = await db.raw<{ rows: [Lease] }>(`select ${NOW} now`);
  return rows[0];
}

/** Heads in facts that a follower has not settled, told at `since` (ms) or later. */
export async function untoldHeads(db: Knex, service: string, since: number): Promise<Record<string, number>> {
  // Ids begin with their time.
  const from = `fact_${Math.max(0, Math.floor(since)).toString(16).padStart(12, '0')}`;
  const { rows } = await db.raw<{ rows: { heads: Record<string, number> }[] }>(
    `select payload -> 'heads' heads from outbox
     where id >= ? and name = 'rooms.moved' and ? = any(waiting_for) order by id limit 500`,
    [from, service],
  );
  const heads: Record<string, number> = {};
  for (const row of rows)
    for (const [room, seq] of Object.entries(row.heads)) heads[room] = Math.max(seq, heads[room] ?? 0);
  return heads;
}

const PAGE_OF_ROOMS = `
select r.id, r.last_seq, floor(extract(epoch from e.created_at) * 1000)::float8 "at"
from rooms r left join lateral (select created_at from room_events where room_id = r.id order by seq desc limit 1) e on true
where r.id > $1 order by r.id limit $2`;

/** `at`: when the last event was written, in ms; null: the log no longer has it. */
export interface RoomMove {
  id: string;
  last_seq: number;
  at: number | null;
}

export const pageOfRooms = async (pool: Pool, after: string, limit: number): Promise<RoomMove[]> =>
  (await pool.query<RoomMove>({ name: 'moves', text: PAGE_OF_ROOMS, values: [after, limit] })).rows;

const SEQS_AT = `
select r.id, r.last_seq,
  (select e.seq from room_events e where e.room_id = r.id and e.created_at <= to_timestamp($2::float8 / 1000) order by e.seq desc limit 1) seq,
  (select e.seq from room_events e where e.room_id = r.id order by e.seq limit 1) first_seq
from unnest($1::text[]) as u(id) join rooms r on r.id = u.id`;

/** `seq`: of the last event until then; null: the log has none. */
export interface RoomAt {
  id: string;
  last_seq: number;
  seq: number | null;
  first_seq: number | null;
}

export const roomsAt = async (pool: Pool, rooms: string[], at: number): Promise<RoomAt[]> =>
  (await pool.query<RoomAt>({ name: 'seqs-at', text: SEQS_AT, values: [rooms, at] })).rows;

const LOG = `
select u.id, (select epoch from log_epoch) epoch, r.last_seq,
  coalesce((select e.seq from room_events e where e.room_id = r.id order by e.seq limit 1), r.last_seq + 1) first_seq,
  e.seq, e.frame, floor(extract(epoch from e.created_at) * 1000)::float8 "at"
from unnest($1::text[], $2::bigint[]) as u(id, after) join rooms r on r.id = u.id
left join lateral (
  select seq, frame, created_at from room_events where room_id = r.id and seq > u.after order by seq limit $3
) e on true order by u.id, e.seq`;

interface LoggedFrame {
  seq: number;
  frame: string;
  /** When it was written, in ms. */
  at: number;
}

export interface LogPage {
  id: string;
  epoch: string;
  first_seq: number;
  last_seq: number;
  events: LoggedFrame[];
}

type LogRow = Omit<LogPage, 'events'> & (LoggedFrame | { seq: null });

/** One statement, so that a partition is dropped before or after it. */
export async function readLogs(
  reads: PipelinedPool,
  rooms: { id: string; after: number }[],
  limit: number,
): Promise<LogPage[]> {
  const values = [rooms.map(({ id }) => id), rooms.map(({ after }) => after), limit];
  const { rows } = await reads.query<LogRow>({ name: 'logs', text: LOG, values });
  return [...Map.groupBy(rows, ({ id }) => id)].map(([id, list]) => {
    const { epoch, first_seq, last_seq } = list[0] as LogRow;
    const events = list.flatMap((row) => (row.seq === null ? [] : [{ seq: row.seq, frame: row.frame, at: row.at }]));
    return { id, epoch, first_seq, last_seq, events };
  });
}
