// Bases of event streams: where a user with many rooms stood in each of them.
import type { Knex } from '@chatapi/kit/data';

export type Positions = Record<string, number>;

/** Equal positions have one row. */
export const saveBase = async (db: Knex, id: string, userId: string, positions: Positions): Promise<void> =>
  void (await db.raw(
    `insert into stream_bases (id, user_id, positions) values (?, ?, ?)
     on conflict (id) do update set used_at = now()`,
    [id, userId, JSON.stringify(positions)],
  ));

const EXPIRED_AT_ONCE = 100;

/** Drops those that were not used for so long, and of this user all but the last ones. */
export async function dropBases(db: Knex, userId: string, days: number, kept: number): Promise<void> {
  await db.raw(
    `delete from stream_bases where id in (
       select id from stream_bases where user_id = ? order by used_at desc offset ?)`,
    [userId, kept],
  );
  await db.raw(
    `delete from stream_bases where id in (
       select id from stream_bases where used_at < now() - ? * interval '1 day' limit ${EXPIRED_AT_ONCE})`,
    [days],
  );
}

/** @returns undefined when there is no such base of this user. */
export async function useBase(db: Knex, id: string, userId: string): Promise<Positions | undefined> {
  const { rows } = await db.raw<{ rows: { positions: Positions }[] }>(
    'update stream_bases set used_at = now() where id = ? and user_id = ? returning positions',
    [id, userId],
  );
  return rows[0]?.positions;
}

/** The times of events before a membership may differ a little from that of the membership. */
const MARGIN = `interval '1 second'`;

/** The seq of each room before the user joined it. */
export async function beforeJoining(db: Knex, userId: string, rooms: string[]): Promise<Positions> {
  const { rows } = await db.raw<{ rows: { room_id: string; seq: number }[] }>(
    `select m.room_id, coalesce(
       (select e.seq from room_events e where e.room_id = m.room_id and e.created_at < m.joined_at - ${MARGIN}
        order by e.seq desc limit 1),
       (select e.seq - 1 from room_events e where e.room_id = m.room_id order by e.seq limit 1),
       r.last_seq) seq
     from room_members m join rooms r on r.id = m.room_id where m.user_id = ? and m.room_id = any(?)`,
    [userId, rooms],
  );
  return Object.fromEntries(rows.map(({ room_id, seq }) => [room_id, Number(seq)]));
}
