// A page of a room's messages.
import type { PipelinedPool } from '@chatapi/kit/data';
import type { RoomForUser } from '../access/room-store.ts';
import { type Furthest, furthestOf } from '../positions/furthest-store.ts';
import { columnsFor, type MessageWithReactions } from './message-store.ts';

export interface RoomPageQuery {
  room_id: string;
  viewer: string;
  before_seq?: number;
  after_seq?: number;
  thread_of?: string;
  limit: number;
  skip: number;
}

export interface RoomPage {
  /** undefined: the room does not exist. */
  room: RoomForUser | undefined;
  /** The positions that decide the status of the messages. */
  furthest: Furthest[];
  /** At most `limit` + 1. Newest first; oldest first with `after_seq`. */
  messages: MessageWithReactions[];
}

type Row = Omit<RoomForUser, 'id'> & { furthest: Furthest[] | null } & (MessageWithReactions | { id: null });

/**
 * One statement, so one snapshot: the messages and their reactions are as the events up to
 * `last_seq` made them. Without messages there is one row with the room.
 */
const pageSql = (conditions: string, order: 'asc' | 'desc'): string => `
with room as materialized (
  select r.kind, r.last_seq, u.role, (select json_agg(f) from ${furthestOf('r.id')} f) furthest
  from rooms r left join room_members u on u.room_id = r.id and u.user_id = $2
  where r.id = $1 and r.deleted_at is null
)
select room.kind, room.last_seq, room.role, case when row_number() over () = 1 then room.furthest end furthest, page.*
from room left join lateral (
  select ${columnsFor('$2')} from messages m where ${conditions} order by m.seq ${order} limit $3 offset $4
) page on true order by page.seq ${order}`;

export async function readRoomPage(
  reads: PipelinedPool,
  { room_id, viewer, before_seq, after_seq, thread_of, limit, skip }: RoomPageQuery,
): Promise<RoomPage> {
  const values: unknown[] = [room_id, viewer, limit + 1, skip];
  const where = ['m.room_id = $1'];
  const only = (sql: string, value: unknown): void => {
    if (value !== undefined) where.push(`${sql} $${values.push(value)}`);
  };
  only('m.seq <', before_seq);
  only('m.seq >', after_seq);
  only('m.reply_to =', thread_of);
  const order = after_seq === undefined ? 'desc' : 'asc';
  const conditions = where.join(' and ');
  const statement = { name: `page ${order} ${conditions}`, text: pageSql(conditions, order), values };
  const { rows } = await reads.query<Row>(statement);
  const [first] = rows;
  return {
    room: first && { id: room_id, kind: first.kind, last_seq: first.last_seq, role: first.role },
    furthest: rows.find(({ furthest }) => furthest !== null)?.furthest ?? [],
    messages: rows.filter((row): row is Row & MessageWithReactions => row.id !== null),
  };
}
