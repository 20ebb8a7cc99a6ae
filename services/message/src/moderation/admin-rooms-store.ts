// Rooms as admins see them: without messages, positions or a membership of the caller.
import type { Paging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { Kind } from '../access/permissions.ts';
import { ROOM_MATCHES, searchedFor } from '../access/room-words-store.ts';

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
  created_us: number;
}

/** Microseconds of the creation, and the id. */
export type AdminRoomKey = readonly [number, string];

export interface AdminRoomFilter extends Paging<AdminRoomKey> {
  search: string;
  kind?: Kind;
  archived?: boolean;
}

/** Maximum number of owners shown. */
const MAX_OWNERS = 20;
const COLUMNS = `r.id, r.kind, r.name, r.topic, r.archived_at is not null archived, r.slow_mode_seconds, r.member_count, r.last_seq,
  array(select o.user_id from room_members o where o.room_id = r.id and o.role = 'owner' order by o.joined_at, o.user_id limit ${MAX_OWNERS}) owner_ids,
  r.created_at, r.updated_at, r.active_at, (extract(epoch from r.created_at) * 1000000)::bigint created_us`;

const AT = `timestamptz 'epoch' + :us * interval '1 microsecond'`;
const AFTER = `(cast(:us as bigint) is null or r.created_at < ${AT} or (r.created_at = ${AT} and r.id > :after_id))`;

export async function findAdminRoom(db: Knex, id: string): Promise<AdminRoomRow | undefined> {
  const { rows } = await db.raw<{ rows: AdminRoomRow[] }>(
    `select ${COLUMNS} from rooms r where r.id = ? and r.deleted_at is null`,
    [id],
  );
  return rows[0];
}

/** Newest first. `search` looks in id, name and topic. */
export async function findAdminRooms(
  db: Knex,
  { search, kind, archived, limit, skip, cursor }: AdminRoomFilter,
): Promise<AdminRoomRow[]> {
  const { rows } = await db.raw<{ rows: AdminRoomRow[] }>(
    `select ${COLUMNS} from rooms r left join room_words w on w.room_id = r.id
     where r.deleted_at is null and ${ROOM_MATCHES}
     and (cast(:kind as text) is null or r.kind = :kind)
     and (cast(:archived as boolean) is null or (r.archived_at is not null) = :archived)
     and ${AFTER}
     order by r.created_at desc, r.id limit :limit offset :skip`,
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
