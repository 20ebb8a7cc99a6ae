// Rooms as admins see them: without messages, positions or a membership of the caller.
import type { Paging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { Kind } from '../access/room-permissions.ts';
import { ROOM_MATCHES, searchedFor } from '../access/room-words-store.ts';
import type { MemberRole } from '../log/frames.ts';

export interface AdminRoomRow {
  id: string;
  kind: Kind;
  name: string | null;
  topic: string | null;
  archived: boolean;
  slow_mode_seconds: number;
  member_count: number;
  last_seq: number;
  owner_ids: string[];
  created_at: Date;
  updated_at: Date;
  active_at: Date;
  /** Of the column by which the list is sorted. */
  at_us: number;
}

/** Microseconds of the creation or of the last activity, and the id. */
export type AdminRoomKey = readonly [number, string];

export const ROOM_SORTS = ['created', 'active'] as const;
export type RoomSort = (typeof ROOM_SORTS)[number];

export interface AdminRoomFilter extends Paging<AdminRoomKey> {
  search: string;
  kind?: Kind;
  archived?: boolean;
  sort: RoomSort;
}

/** Maximum number of owners shown. */
const MAX_OWNERS = 20;
const COLUMNS = `r.id, r.kind, r.name, r.topic, r.archived_at is not null archived, r.slow_mode_seconds, r.member_count, r.last_seq,
  array(select o.user_id from room_members o where o.room_id = r.id and o.role = 'owner' order by o.joined_at, o.user_id limit ${MAX_OWNERS}) owner_ids,
  r.created_at, r.updated_at, r.active_at`;

const SORTED_BY: Record<RoomSort, string> = { created: 'r.created_at', active: 'r.active_at' };
const microsOf = (column: string): string => `(extract(epoch from ${column}) * 1000000)::bigint at_us`;
const AT = `timestamptz 'epoch' + :us * interval '1 microsecond'`;
const behind = (column: string): string =>
  `(cast(:us as bigint) is null or ${column} < ${AT} or (${column} = ${AT} and r.id > :after_id))`;

type ShownRoom = Omit<AdminRoomRow, 'at_us'>;

export async function findAdminRoom(db: Knex, id: string): Promise<ShownRoom | undefined> {
  const { rows } = await db.raw<{ rows: ShownRoom[] }>(
    `select ${COLUMNS} from rooms r where r.id = ? and r.deleted_at is null`,
    [id],
  );
  return rows[0];
}

/** Newest or last active first. `search` looks in id, name and topic. */
export async function findAdminRooms(
  db: Knex,
  { search, kind, archived, sort, limit, skip, cursor }: AdminRoomFilter,
): Promise<AdminRoomRow[]> {
  const column = SORTED_BY[sort];
  const { rows } = await db.raw<{ rows: AdminRoomRow[] }>(
    `select ${COLUMNS}, ${microsOf(column)} from rooms r left join room_words w on w.room_id = r.id
     where r.deleted_at is null and ${ROOM_MATCHES}
     and (cast(:kind as text) is null or r.kind = :kind)
     and (cast(:archived as boolean) is null or (r.archived_at is not null) = :archived)
     and ${behind(column)}
     order by ${column} desc, r.id limit :limit offset :skip`,
    {
      ...searchedFor(search),
      kind: kind ?? null,
      archived: archived ?? null,
      us: cursor?.[0] ?? null,
      after_id: cursor?.[1] ?? null,
      limit,
      skip,
    },
  );
  return rows;
}

export interface UserRoomRow extends AdminRoomRow {
  role: MemberRole;
  joined_at: Date;
}

/** Of which the user is a member, last active first. */
export async function findRoomsOf(
  db: Knex,
  userId: string,
  { limit, skip, cursor }: Paging<AdminRoomKey>,
): Promise<UserRoomRow[]> {
  const column = SORTED_BY.active;
  const { rows } = await db.raw<{ rows: UserRoomRow[] }>(
    `select ${COLUMNS}, ${microsOf(column)}, m.role, m.joined_at from room_members m join rooms r on r.id = m.room_id
     where m.user_id = :userId and r.deleted_at is null and ${behind(column)}
     order by ${column} desc, r.id limit :limit offset :skip`,
    { userId, us: cursor?.[0] ?? null, after_id: cursor?.[1] ?? null, limit, skip },
  );
  return rows;
}

export interface UserCounts {
  rooms: number;
  /** Ever sent, with those that are deleted. */
  messages: number;
}

/** By the rooms in which the user was or is, without a look at messages. */
export async function countsOfUser(db: Knex, userId: string): Promise<UserCounts> {
  const { rows } = await db.raw<{ rows: UserCounts[] }>(
    `select (select count(*)::int from room_members m join rooms r on r.id = m.room_id
             where m.user_id = :userId and r.deleted_at is null) as rooms,
       (select coalesce(sum(s.sent), 0)::bigint
        from (select room_id from room_members where user_id = :userId
              union select room_id from traces where user_id = :userId) known
        join room_senders s on s.room_id = known.room_id and s.user_id = :userId) as messages`,
    { userId },
  );
  return rows[0] as UserCounts;
}
