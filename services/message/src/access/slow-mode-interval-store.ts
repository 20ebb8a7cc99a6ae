import type { Knex } from '@chatapi/kit/data';

// By the clock of the database, under the lock of the room, as sends do.
const NOW = `date_trunc('milliseconds', clock_timestamp())`;

/** Starts the interval of a user unless one is running. @returns whether it did. */
export async function startInterval(trx: Knex, roomId: string, userId: string, seconds: number): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    `insert into room_turns as t (room_id, user_id, sent_at) values (?, ?, ${NOW})
     on conflict (room_id, user_id) do update set sent_at = excluded.sent_at
     where t.sent_at <= excluded.sent_at - ? * interval '1 second'`,
    [roomId, userId, seconds],
  );
  return rowCount === 1;
}

export async function intervalLeftMs(trx: Knex, roomId: string, userId: string, seconds: number): Promise<number> {
  const { rows } = await trx.raw<{ rows: { ms: number }[] }>(
    `select (extract(epoch from sent_at - clock_timestamp()) * 1000)::float8 + ? * 1000 ms from room_turns
     where room_id = ? and user_id = ?`,
    [seconds, roomId, userId],
  );
  return rows[0]?.ms ?? 0;
}
