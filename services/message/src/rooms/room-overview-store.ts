// Rooms as one user sees them: membership, position and unread count.
import type { Paging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { erasedMemberOf } from '../access/erased-peer-store.ts';
import type { RoomForUser, RoomRow } from '../access/room-store.ts';
import { ROOM_MATCHES, searchedFor } from '../access/room-words-store.ts';
import { unreadOf } from '../positions/unread-store.ts';
import type { RoomKey } from './room-cursor.ts';

/** A room with the membership, position and unread count of one user. */
export interface RoomOverview extends RoomRow {
  role: RoomForUser['role'];
  read_seq: number;
  unread_count: number;
  /** The other member of a direct room. */
  recipient_id: string | null;
  /** Whether that user was erased. */
  recipient_deleted: boolean;
  /** Time of the last activity in microseconds, as PostgreSQL has it. */
  active_us: number;
}

const AT = `timestamptz 'epoch' + :us * interval '1 microsecond'`;

/** Rooms behind a key, in the order of the lists: latest activity first. */
const AFTER = `(cast(:us as bigint) is null or r.active_at < ${AT} or (r.active_at = ${AT} and r.id > :id))`;

/** A token may be limited to rooms. */
const WITHIN = '(cast(:only as text[]) is null or r.id = any(:only))';

const placeOf = ({ limit, skip, cursor }: Paging<RoomKey>) => ({
  us: cursor?.[0] ?? null,
  id: cursor?.[1] ?? null,
  limit,
  skip,
});

const OVERVIEW = `
select r.*, (extract(epoch from r.active_at) * 1000000)::bigint active_us, m.role, coalesce(m.read_seq, 0) read_seq,
  case when m.user_id is null then 0 else ${unreadOf('m')} end unread_count,
  case when r.kind = 'direct' then coalesce((select o.user_id from room_members o where o.room_id = r.id and o.user_id <> m.user_id limit 1), m.user_id) end recipient_id,
  r.kind = 'direct' and ${erasedMemberOf('r.id')} recipient_deleted`;

export interface RoomPage extends Paging<RoomKey> {
  /** Only archived rooms, otherwise only others. */
  archived: boolean;
}

type Limit = readonly string[] | undefined;

/** @param only of these rooms, if given. */
export async function roomsOf(
  db: Knex,
  userId: string,
  { archived, ...paging }: RoomPage,
  only: Limit,
): Promise<RoomOverview[]> {
  const { rows } = await db.raw<{ rows: RoomOverview[] }>(
    `${OVERVIEW} from room_members m join rooms r on r.id = m.room_id and r.deleted_at is null
     left join room_senders s on s.room_id = m.room_id and s.user_id = m.user_id
     where m.user_id = :userId and (r.archived_at is not null) = :archived and ${WITHIN} and ${AFTER}
     order by r.active_at desc, r.id limit :limit offset :skip`,
    { userId, archived, only: only ?? null, ...placeOf(paging) },
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

/** @param only of these rooms, if given. */
export async function publicRooms(
  db: Knex,
  userId: string,
  search: string,
  { archived, ...paging }: RoomPage,
  only: Limit,
): Promise<RoomOverview[]> {
  const { rows } = await db.raw<{ rows: RoomOverview[] }>(
    `${OVERVIEW} from rooms r ${FOR_USER} left join room_words w on w.room_id = r.id
     where r.kind = 'public' and r.deleted_at is null and (r.archived_at is not null) = :archived and ${ROOM_MATCHES}
       and ${WITHIN} and ${AFTER}
     order by r.active_at desc, r.id limit :limit offset :skip`,
    { userId, archived, only: only ?? null, ...searchedFor(search), ...placeOf(paging) },
  );
  return rows;
}
