// SQL of slow mode, on the connection and in the transaction of the send.
import type { PoolClient } from '@chatapi/kit/data';
import { clientKey, repeatOf } from './idempotency-key.ts';

export interface SlowSend {
  room_id: string;
  user_id: string;
  client_id: string | null;
}

export interface SlowState {
  /** The database's clock under the room's lock: later than `sent_at` of all earlier sends. */
  now: Date;
  /** When the sender may send again; null: the sender has not sent yet. */
  due: Date | null;
  slow_s: number;
  /** The client_id has a message already. */
  repeated: boolean;
}

// The order of insert-store.ts, whatever the collation of the database.
const LOCK = 'select id from rooms where id = any($1::text[]) order by id collate "C" for update';
// A separate statement: its snapshot is taken after the lock and shows what was committed
// meanwhile.
const STATES = `
select date_trunc('milliseconds', clock_timestamp()) now,
  t.sent_at + r.slow_mode_seconds * interval '1 second' due, r.slow_mode_seconds slow_s,
  repeat.id is not null repeated
from unnest($1::text[], $2::text[], $3::text[]) with ordinality as i(room_id, user_id, key, ord)
join rooms r on r.id = i.room_id
left join room_turns t on t.room_id = i.room_id and t.user_id = i.user_id
left join ${repeatOf('i.key')} on true order by i.ord`;
const START = `
insert into room_turns (room_id, user_id, sent_at)
select room_id, user_id, $3 from unnest($1::text[], $2::text[]) as t(room_id, user_id)
on conflict (room_id, user_id) do update set sent_at = excluded.sent_at`;

/**
 * Locks the rooms until the end of the transaction. @returns one state per send, in their order.
 */
export async function lockIntervals(client: PoolClient, sends: SlowSend[]): Promise<SlowState[]> {
  const rooms = sends.map(({ room_id }) => room_id);
  await client.query(LOCK, [[...new Set(rooms)]]);
  const keys = sends.map(({ room_id, user_id, client_id }) => clientKey(room_id, user_id, client_id));
  const values = [rooms, sends.map(({ user_id }) => user_id), keys];
  return (await client.query<SlowState>(STATES, values)).rows;
}

/** @param sends at most one per sender and room. */
export async function startIntervals(client: PoolClient, sends: SlowSend[], at: Date): Promise<void> {
  await client.query(START, [sends.map(({ room_id }) => room_id), sends.map(({ user_id }) => user_id), at]);
}
