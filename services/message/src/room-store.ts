import type { Knex, Pipes } from '@chatapi/kit';
import { type Furthest, furthestOf } from './furthest-store.ts';
import type { Kind, Standing } from './permissions.ts';

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
  deleted_at: Date | null;
}

/** With where one user stands in it. */
export interface SeenRoom extends RoomRow {
  role: Exclude<Standing, 'stranger'> | null;
  read_seq: number;
  unread_count: number;
  /** The other one of a direct room. */
  recipient_id: string | null;
}

/** What a right to read is judged by, and no more. */
export interface RoomFor {
  id: string;
  kind: Kind;
  last_seq: number;
  role: SeenRoom['role'];
}

const roomFor = (more = ''): string => `
select r.id, r.kind, r.last_seq, m.role ${more} from rooms r left join room_members m on m.room_id = r.id and m.user_id = $2
where r.id = $1 and r.deleted_at is null`;

const ROOM_FOR = roomFor();

export const findRoomFor = async (reads: Pipes, id: string, userId: string): Promise<RoomFor | undefined> =>
  (await reads.query<RoomFor>({ name: 'room-for', text: ROOM_FOR, values: [id, userId] })).rows[0];

/** With what its messages' status needs, null: nobody is anywhere. */
export interface RoomToShow extends RoomFor {
  furthest: Furthest[] | null;
}

const ROOM_TO_SHOW = roomFor(`, (select json_agg(f) from ${furthestOf('r.id')} f) furthest`);

export const findRoomToShow = async (reads: Pipes, id: string, userId: string): Promise<RoomToShow | undefined> =>
  (await reads.query<RoomToShow>({ name: 'room-to-show', text: ROOM_TO_SHOW, values: [id, userId] })).rows[0];

/** Until the end of the transaction nothing else changes in this room. */
export const lockRoom = async (trx: Knex, id: string): Promise<RoomRow | undefined> =>
  await trx<RoomRow>('rooms').where({ id }).forUpdate().first();

/** @returns false when the id is taken, be it by a deleted room. Waits for whoever is making it right now. */
export async function insertRoom(
  trx: Knex,
  room: { id: string; kind: Kind; name: string | null; by: string },
): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    'insert into rooms (id, kind, name, name_by) values (?, ?, ?, ?) on conflict do nothing',
    [room.id, room.kind, room.name, room.by],
  );
  return rowCount === 1;
}

// Unread = all messages − my own − those by others up to my position − deleted ones by others after it. The first three are counters,
// the last reads an index of deleted messages alone: the cost does not grow with what is unread.
const SEEN = `
select r.*, m.role, coalesce(m.read_seq, 0) read_seq,
  case when m.user_id is null then 0 else r.message_count - coalesce(s.sent, 0) - m.read_others - (
    select count(*) from messages d where d.room_id = r.id and d.is_deleted and d.seq > m.read_seq and d.sender_id <> m.user_id
  ) end unread_count,
  case when r.kind = 'direct' then coalesce((select o.user_id from room_members o where o.room_id = r.id and o.user_id <> m.user_id limit 1), m.user_id) end recipient_id`;

export async function roomsOf(db: Knex, userId: string, limit: number, skip: number): Promise<SeenRoom[]> {
  const { rows } = await db.raw<{ rows: SeenRoom[] }>(
    `${SEEN} from room_members m join rooms r on r.id = m.room_id and r.deleted_at is null
     left join room_senders s on s.room_id = m.room_id and s.user_id = m.user_id
     where m.user_id = ? order by r.active_at desc, r.id limit ? offset ?`,
    [userId, limit, skip],
  );
  return rows;
}

const FOR_USER = `left join room_members m on m.room_id = r.id and m.user_id = ? left join room_senders s on s.room_id = r.id and s.user_id = m.user_id`;

export async function findRoom(db: Knex, id: string, userId: string): Promise<SeenRoom | undefined> {
  const { rows } = await db.raw<{ rows: SeenRoom[] }>(
    `${SEEN} from rooms r ${FOR_USER} where r.id = ? and r.deleted_at is null`,
    [userId, id],
  );
  return rows[0];
}

const literal = (search: string): string => `%${search.replace(/[\\%_]/g, '\\$&')}%`;

export async function publicRooms(
  db: Knex,
  userId: string,
  search: string,
  limit: number,
  skip: number,
): Promise<SeenRoom[]> {
  const like = literal(search);
  const { rows } = await db.raw<{ rows: SeenRoom[] }>(
    `${SEEN} from rooms r ${FOR_USER} where r.kind = 'public' and r.deleted_at is null
     and (? = '' or r.id ilike ? or r.name ilike ? or r.topic ilike ?) order by r.active_at desc, r.id limit ? offset ?`,
    [userId, search, like, like, like, limit, skip],
  );
  return rows;
}

/** Notes who wrote name and topic. */
export async function updateRoom(
  trx: Knex,
  id: string,
  by: string,
  fields: { name?: string | null; topic?: string | null; kind?: Kind; slow_mode_seconds?: number },
): Promise<Date> {
  const authors = {
    ...(fields.name === undefined ? {} : { name_by: by }),
    ...(fields.topic === undefined ? {} : { topic_by: by }),
  };
  const [row] = await trx('rooms')
    .where({ id })
    .update({ ...fields, ...authors, version: trx.raw('version + 1'), updated_at: trx.raw('clock_timestamp()') }, [
      'updated_at',
    ]);
  return (row as { updated_at: Date }).updated_at;
}

export const buryRoom = async (trx: Knex, id: string): Promise<void> =>
  void (await trx('rooms')
    .where({ id })
    .update({ deleted_at: trx.raw('clock_timestamp()'), version: trx.raw('version + 1'), member_count: 0 }));

/** Which of the rooms this user is in, and which they may read. Rooms that don't exist are left out. */
export async function rightsIn(
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
