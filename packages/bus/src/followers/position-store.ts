import type { Knex } from 'knex';
import type { Follower, SeqAt } from './follower.ts';

/**
 * Notes heads for all followers whose rooms they are. A position is made with the first move of its
 * room. In a fixed order, so that two transactions lock the rows alike.
 */
export async function noteHeads(trx: Knex, followers: Follower[], heads: Record<string, number>): Promise<void> {
  const rooms = Object.keys(heads);
  if (rooms.length === 0 || followers.length === 0) return;
  await trx.raw(
    `insert into follower_positions as p (follower, room_id, shard, seq, head)
     select f.id, h.room_id, hashtext(h.room_id) & 63, case when f.from_ms = 0 then 0 end, h.head
     from unnest(?::text[], ?::bigint[]) as h(room_id, head)
     cross join jsonb_to_recordset(?::jsonb) as f(id text, from_ms float8, rooms jsonb)
     where f.rooms is null or f.rooms \\? h.room_id or h.room_id like '~%'
     order by f.id, h.room_id
     on conflict (follower, room_id) do update set head = excluded.head,
       behind_since = case when p.seq >= p.head then clock_timestamp() else p.behind_since end,
       due_at = case when p.seq >= p.head then clock_timestamp() else p.due_at end
     where p.head < excluded.head`,
    [
      rooms,
      Object.values(heads),
      JSON.stringify(followers.map(({ id, from, rooms }) => ({ id, from_ms: from, rooms }))),
    ],
  );
}

export interface Due {
  follower: string;
  room_id: string;
  seq: number | null;
  head: number;
  generation: number;
  attempt: number;
  failing_since: Date | null;
}

/** Followers with something to do in these shards. */
export async function whoIsDue(db: Knex, followers: string[], shards: number[]): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    `select f.id from unnest(?::text[]) as f(id) where exists (
       select from follower_positions p where p.follower = f.id and (p.seq is null or p.seq < p.head)
         and p.due_at <= now() and p.shard = any(?))`,
    [followers, shards],
  );
  return rows.map(({ id }) => id);
}

/** The rooms of a follower that have waited longest, of these shards. */
export async function dueRooms(db: Knex, follower: string, shards: number[], limit: number): Promise<Due[]> {
  const { rows } = await db.raw<{ rows: Due[] }>(
    `select follower, room_id, seq, head, generation, attempt, failing_since from follower_positions
     where follower = ? and (seq is null or seq < head) and due_at <= now() and shard = any(?)
     order by due_at limit ?`,
    [follower, shards, limit],
  );
  return rows;
}

export interface Begin {
  follower: string;
  room_id: string;
  seq: number;
}

/** Of positions that are not known yet. */
export async function begin(db: Knex, begins: Begin[]): Promise<void> {
  await db.raw(
    `update follower_positions p set seq = b.seq from jsonb_to_recordset(?::jsonb) as b(follower text, room_id text, seq bigint)
     where p.follower = b.follower and p.room_id = b.room_id and p.seq is null`,
    [JSON.stringify(begins)],
  );
}

export interface Move {
  follower: string;
  room_id: string;
  generation: number;
  seq: number;
  /** The next item failed: it is tried again in so many ms. */
  again_ms: number | null;
}

/** A position never goes back here, whoever else moved it. */
export async function movePositions(trx: Knex, moves: Move[]): Promise<void> {
  await trx.raw(
    `with m as (
       select * from jsonb_to_recordset(?::jsonb) as m(follower text, room_id text, generation int, seq bigint, again_ms float8)
     ), locked as (
       select p.follower, p.room_id from follower_positions p join m using (follower, room_id)
       order by p.follower, p.room_id for update of p
     )
     update follower_positions p set
       seq = greatest(p.seq, m.seq),
       behind_since = case when m.seq > p.seq then clock_timestamp() else p.behind_since end,
       attempt = case when m.again_ms is null then 0 when m.seq > p.seq then 1 else p.attempt + 1 end,
       failing_since = case when m.again_ms is null then null
         when m.seq > p.seq then clock_timestamp() else coalesce(p.failing_since, clock_timestamp()) end,
       due_at = clock_timestamp() + coalesce(m.again_ms, 0) * interval '1 millisecond'
     from m, locked where p.follower = m.follower and p.room_id = m.room_id and p.generation = m.generation
       and locked.follower = p.follower and locked.room_id = p.room_id`,
    [JSON.stringify(moves)],
  );
}

/**
 * For replay: back to these seqs. Where the follower is behind them already it stays there. What it
 * handles in this moment and has not recorded is handled again too.
 * @param begins where it begins in these rooms: it may not have a position there yet.
 */
export async function goBack(
  trx: Knex,
  follower: string,
  seqs: Record<string, number>,
  begins: Record<string, SeqAt>,
): Promise<void> {
  await begin(
    trx,
    Object.entries(begins).map(([room_id, { seq }]) => ({ follower, room_id, seq })),
  );
  await trx.raw(
    `update follower_positions p set seq = least(p.seq, b.value::bigint), generation = p.generation + 1, attempt = 0,
       failing_since = null, behind_since = clock_timestamp(), due_at = clock_timestamp()
     from jsonb_each_text(?::jsonb) as b(room_id, value)
     where p.follower = ? and p.room_id = b.room_id`,
    [JSON.stringify(seqs), follower],
  );
}

/** What waits is tried at once. */
export const retryNow = async (trx: Knex, follower: string): Promise<void> =>
  void (await trx.raw(
    `update follower_positions set attempt = 0, failing_since = null, due_at = clock_timestamp()
     where follower = ? and (seq is null or seq < head)`,
    [follower],
  ));

export interface Lag {
  follower: string;
  events: number;
  /** Age of what has waited longest. */
  seconds: number;
}

/** Of followers that are behind. Events before a position that is not known yet count as one. */
export async function lagOf(db: Knex, followers: string[]): Promise<Lag[]> {
  const { rows } = await db.raw<{ rows: Lag[] }>(
    `select follower, sum(head - coalesce(seq, head - 1))::float8 events,
       extract(epoch from clock_timestamp() - min(behind_since))::float8 seconds
     from follower_positions where follower = any(?) and (seq is null or seq < head) group by follower`,
    [followers],
  );
  return rows;
}

/** @returns how many were deleted, at most `limit`. */
export async function forgetFollowers(db: Knex, known: string[], limit: number): Promise<number> {
  const { rowCount } = await db.raw<{ rowCount: number }>(
    `delete from follower_positions where ctid = any(array(
       select ctid from follower_positions where follower <> all(?) limit ?))`,
    [known, limit],
  );
  return rowCount;
}
