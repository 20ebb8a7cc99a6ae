import type { Knex, PipelinedPool } from '@chatapi/kit/data';
import type { Kind, Membership } from './room-permissions.ts';
import { type NamedRoom, saveRoomWords } from './room-words-store.ts';

export interface RoomRow {
  id: string;
  kind: Kind;
  name: string | null;
  topic: string | null;
  last_seq: number;
  version: number;
  member_count: number;
  slow_mode_seconds: number;
  last_message_seq: number | null;
  created_at: Date;
  updated_at: Date;
  archived_at: Date | null;
  deleted_at: Date | null;
}

/** The fields that decide whether a user may read the room. */
export interface RoomForUser {
  id: string;
  kind: Kind;
  last_seq: number;
  role: Exclude<Membership, 'stranger'> | null;
}

const ROOM_FOR_USER = `
select r.id, r.kind, r.last_seq, m.role from rooms r left join room_members m on m.room_id = r.id and m.user_id = $2
where r.id = $1 and r.deleted_at is null`;

export const findRoomForUser = async (
  reads: PipelinedPool,
  id: string,
  userId: string,
): Promise<RoomForUser | undefined> =>
  (await reads.query<RoomForUser>({ name: 'room-for', text: ROOM_FOR_USER, values: [id, userId] })).rows[0];

/**
 * Locks the room until the end of the transaction, against sends too. Not against inserts of rows
 * that refer to it, as when people enter `general`.
 */
export const lockRoom = async (trx: Knex, id: string): Promise<RoomRow | undefined> =>
  await trx<RoomRow>('rooms').where({ id }).forNoKeyUpdate().first();

/** @returns false when the id is taken, also by a deleted room. Waits for a concurrent insert. */
export async function insertRoom(
  trx: Knex,
  room: { id: string; kind: Kind; name: string | null; by: string },
): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    'insert into rooms (id, kind, name, name_by) values (?, ?, ?, ?) on conflict do nothing',
    [room.id, room.kind, room.name, room.by],
  );
  if (rowCount === 1 && room.name !== null) await saveRoomWords(trx, [{ ...room, topic: null }]);
  return rowCount === 1;
}

interface RoomFields {
  name?: string | null;
  topic?: string | null;
  kind?: Kind;
  slow_mode_seconds?: number;
  archived?: boolean;
}

/** Stores `by` as the author of the changed name and topic, for erasure. @returns `updated_at`. */
export async function updateRoom(
  trx: Knex,
  id: string,
  by: string,
  { archived, ...fields }: RoomFields,
): Promise<Date> {
  const archiving = archived === undefined ? {} : { archived_at: archived ? trx.raw('clock_timestamp()') : null };
  const authors = {
    ...(fields.name === undefined ? {} : { name_by: by }),
    ...(fields.topic === undefined ? {} : { topic_by: by }),
  };
  const [row] = await trx('rooms')
    .where({ id })
    .update(
      {
        ...fields,
        ...archiving,
        ...authors,
        version: trx.raw('version + 1'),
        updated_at: trx.raw('clock_timestamp()'),
      },
      ['id', 'name', 'topic', 'updated_at'],
    );
  const changed = row as NamedRoom & { updated_at: Date };
  if (fields.name !== undefined || fields.topic !== undefined) await saveRoomWords(trx, [changed]);
  return changed.updated_at;
}

export const softDeleteRoom = async (trx: Knex, id: string): Promise<void> =>
  void (await trx('rooms')
    .where({ id })
    .update({ deleted_at: trx.raw('clock_timestamp()'), version: trx.raw('version + 1'), member_count: 0 }));

/** Memberships and read permissions of a user. Missing rooms are left out. */
export async function findRights(
  db: Knex,
  userId: string,
  roomIds: string[],
): Promise<{ id: string; member: boolean; readable: boolean }[]> {
  const { rows } = await db.raw<{ rows: { id: string; member: boolean; readable: boolean }[] }>(
    `select r.id, m.user_id is not null member, (r.kind = 'public' or m.user_id is not null) readable
     from rooms r left join room_members m on m.room_id = r.id and m.user_id = ? where r.id = any(?) and r.deleted_at is null`,
    [userId, roomIds],
  );
  return rows;
}
