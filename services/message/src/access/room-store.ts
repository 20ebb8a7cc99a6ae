import type { Paging } from '@chatapi/kit';
import type { Knex, PipelinedPool } from '@chatapi/kit/data';
import { erasedMemberOf } from './direct-room-store.ts';
import type { Kind, Membership } from './permissions.ts';
import { type NamedRoom, ROOM_MATCHES, saveRoomWords, searchedFor } from './room-words-store.ts';

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

/** A room with the membership, position and unread count of one user. */
export interface RoomOverview extends RoomRow {
  role: Exclude<Membership, 'stranger'> | null;
  read_seq: number;
  unread_count: number;
  /** The other member of a direct room. */
  recipient_id: string | null;
  /** Whether that user was erased. */
  recipient_deleted: boolean;
  /** Time of the last activity in microseconds, as PostgreSQL has it. */
  active_us: number;
}

/** `active_us` and id of the last room of a page. */
export type RoomKey = readonly [number, string];

const AT = `timestamptz 'epoch' + :us * interval '1 microsecond'`;

/** Rooms behind a key, in the order of the lists: latest activity first. */
const AFTER = `(cast(:us as bigint) is null or r.active_at < ${AT} or (r.active_at = ${AT} and r.id > :id))`;

const placeOf = ({ limit, skip, cursor }: Paging<RoomKey>) => ({
  us: cursor?.[0] ?? null,
  id: cursor?.[1] ?? null,
  limit,
  skip,
});

/** The fields that decide whether a user may read the room. */
export interface RoomForUser {
  id: string;
  kind: Kind;
  last_seq: number;
  role: RoomOverview['role'];
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

/** Locks the room until the end of the transaction. */
export const lockRoom = async (trx: Knex, id: string): Promise<RoomRow | undefined> =>
  await trx<RoomRow>('rooms').where({ id }).forUpdate().first();

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

// Unread = all messages − those by the user − those by others up to the user's position − deleted
// ones by others after it. The first three are counters, the last uses a partial index, so the cost
// does not grow with the number of unread messages.
const OVERVIEW = `
select r.*, (extract(epoch from r.active_at) * 1000000)::bigint active_us, m.role, coalesce(m.read_seq, 0) read_seq,
  case when m.user_id is null then 0 else r.message_count - coalesce(s.sent, 0) - m.read_others - (
    select count(*) from messages d where d.room_id = r.id and d.is_deleted and d.seq > m.read_seq and d.sender_id <> m.user_id
  ) end unread_count,
  case when r.kind = 'direct' then coalesce((select o.user_id from room_members o where o.room_id = r.id and o.user_id <> m.user_id limit 1), m.user_id) end recipient_id,
  r.kind = 'direct' and ${erasedMemberOf('r.id')} recipient_deleted`;

export interface RoomPage extends Paging<RoomKey> {
  /** Only archived rooms, otherwise only others. */
  archived: boolean;
}

export async function roomsOf(db: Knex, userId: string, { archived, ...paging }: RoomPage): Promise<RoomOverview[]> {
  const { rows } = await db.raw<{ rows: RoomOverview[] }>(
    `${OVERVIEW} from room_members m join rooms r on r.id = m.room_id and r.deleted_at is null
     left join room_senders s on s.room_id = m.room_id and s.user_id = m.user_id
     where m.user_id = :userId and (r.archived_at is not null) = :archived and ${AFTER}
     order by r.active_at desc, r.id limit :limit offset :skip`,
    { userId, archived, ...placeOf(paging) },
  );
  return rows;
}

const FOR_USER = `left join room_members m on m.room_id = r.id and m.user_id = :userId left join room_senders s on s.room_id = r.id and s.user_id = m.user_id`;

export async function findRoom(db: Knex, id: string, userId: string): Promise<RoomOverview | undefined> {
  const { rows } = await db.raw<{ rows: RoomOverview[] }>(
    `${OVERVIEW} from rooms r ${FOR_USER} where r.id = :id and r.deleted_at is null`,
    { userId, id },
  );
  return rows[0];
}

export async function publicRooms(
  db: Knex,
  userId: string,
  search: string,
  { archived, ...paging }: RoomPage,
): Promise<RoomOverview[]> {
  const { rows } = await db.raw<{ rows: RoomOverview[] }>(
    `${OVERVIEW} from rooms r ${FOR_USER} left join room_words w on w.room_id = r.id
     where r.kind = 'public' and r.deleted_at is null and (r.archived_at is not null) = :archived and ${ROOM_MATCHES}
       and ${AFTER}
     order by r.active_at desc, r.id limit :limit offset :skip`,
    { userId, archived, ...searchedFor(search), ...placeOf(paging) },
  );
  return rows;
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
