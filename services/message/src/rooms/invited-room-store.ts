// SQL of admissions: who becomes a member of which room by an invite to register.
import type { Knex, PipelinedPool } from '@chatapi/kit/data';

export async function orderAdmissions(trx: Knex, invited: { user_id: string; rooms: string[] }[]): Promise<void> {
  const pairs = invited.flatMap(({ user_id, rooms }) => rooms.map((room_id) => ({ room_id, user_id })));
  await trx.raw(
    'insert into admissions (room_id, user_id) select * from unnest(?::text[], ?::text[]) on conflict do nothing',
    [pairs.map(({ room_id }) => room_id), pairs.map(({ user_id }) => user_id)],
  );
}

const DUE = 'select distinct room_id from admissions where due_at <= now() limit $1';

/** Without locks: usually nothing is due. */
export async function dueRooms(reads: PipelinedPool, limit: number): Promise<string[]> {
  const { rows } = await reads.query<{ room_id: string }>({ name: 'admissions-due', text: DUE, values: [limit] });
  return rows.map(({ room_id }) => room_id);
}

/** Deletes what was ordered for the room. @returns the users, without erased ones. */
export async function takeAdmissions(trx: Knex, roomId: string): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { user_id: string; erased: boolean }[] }>(
    `delete from admissions a where room_id = ? returning user_id,
       exists (select from people p where p.user_id = a.user_id and p.erased_at is not null) erased`,
    [roomId],
  );
  return rows.filter(({ erased }) => !erased).map(({ user_id }) => user_id);
}

export async function postponeAdmissions(db: Knex, roomId: string, seconds: number): Promise<void> {
  await db.raw(`update admissions set due_at = clock_timestamp() + ? * interval '1 second' where room_id = ?`, [
    seconds,
    roomId,
  ]);
}
