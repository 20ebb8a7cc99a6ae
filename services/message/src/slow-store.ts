// Owns: the SQL of slow mode, on the send path's own connection and inside its transaction.
import type { PoolClient } from '@chatapi/kit';
import { clientKey, repeatOf } from './client-key.ts';

export interface Turn {
  room_id: string;
  user_id: string;
  client_id: string | null;
}

export interface TurnFound {
  /** The database's clock under the room's lock, in milliseconds: later than that of every turn before. */
  now: Date;
  /** When this sender may send again; null: never sent. */
  due: Date | null;
  slow_s: number;
  /** This client_id has its message already. */
  repeated: boolean;
}

// In the order in which send-store.ts locks them, whatever the database's own is.
const LOCK = 'select id from rooms where id = any($1::text[]) order by id collate "C" for update';
// A statement of its own, after the lock: only so it sees what was committed while the lock was waited for.
const TURNS = `
select date_trunc('milliseconds', clock_timestamp()) now, t.sent_at + r.slow_mode_seconds * interval '1 second' due, r.slow_mode_seconds slow_s,
  repeat.id is not null repeated
from unnest($1::text[], $2::text[], $3::text[]) with ordinality as i(room_id, user_id, key, ord)
join rooms r on r.id = i.room_id left join room_turns t on t.room_id = i.room_id and t.user_id = i.user_id
left join ${repeatOf('i.key')} on true order by i.ord`;
const TAKE = `
insert into room_turns (room_id, user_id, sent_at) select room_id, user_id, $3 from unnest($1::text[], $2::text[]) as t(room_id, user_id)
on conflict (room_id, user_id) do update set sent_at = excluded.sent_at`;

/** Locks the rooms until the end of the transaction. In the order of `turns`. */
export async function lookAtTurns(client: PoolClient, turns: Turn[]): Promise<TurnFound[]> {
  const rooms = turns.map(({ room_id }) => room_id);
  await client.query(LOCK, [[...new Set(rooms)]]);
  const keys = turns.map(({ room_id, user_id, client_id }) => clientKey(room_id, user_id, client_id));
  const values = [rooms, turns.map(({ user_id }) => user_id), keys];
  return (await client.query<TurnFound>(TURNS, values)).rows;
}

/** No two of one sender and room. */
export async function takeTurns(client: PoolClient, turns: Turn[], at: Date): Promise<void> {
  await client.query(TAKE, [turns.map(({ room_id }) => room_id), turns.map(({ user_id }) => user_id), at]);
}
