// Queries of the admin service: reported messages, room states and message counts.
import type { Knex } from '@chatapi/kit/data';
import type { Kind } from '../access/room-permissions.ts';

export interface ReportedMessage {
  id: string;
  chat_id: string;
  sender_id: string;
  content: string;
  is_deleted: boolean;
  created_at: Date;
}

/** Without missing messages. */
export const reportedMessages = async (db: Knex, ids: string[]): Promise<ReportedMessage[]> =>
  await db('messages')
    .whereIn('id', ids)
    .select('id', 'room_id as chat_id', 'sender_id', 'content', 'is_deleted', 'created_at');

export interface RoomState {
  room_id: string;
  kind: Kind;
  updated_at: Date;
  deleted: boolean;
}

/** The given rooms, or without `ids` a page in order of id. Includes deleted rooms. */
export const roomStates = async (
  db: Knex,
  { ids, after, limit }: { ids?: string[]; after: string; limit: number },
): Promise<RoomState[]> =>
  await db('rooms')
    .where((which) => (ids === undefined ? which.where('id', '>', after) : which.whereIn('id', ids)))
    .orderBy('id')
    .limit(limit)
    .select('id as room_id', 'kind', 'updated_at', db.raw('deleted_at is not null as deleted'));

export interface MessageCounts {
  total: number;
  /** Of the last 25 hours by second, as [ISO second, count]. */
  seconds: [string, number][];
  /** Ids of facts already in these counts that admin may not have handled yet. */
  facts: string[];
}

/** admin delays the handling of facts while it waits for the counts. */
const COUNT_TIMEOUT_MS = 120_000;

/** A consistent snapshot, without deleted messages. */
export async function countMessages(db: Knex): Promise<MessageCounts> {
  return await db.transaction(
    async (trx) => {
      await trx.raw(`set local statement_timeout = ${COUNT_TIMEOUT_MS}`);
      const one = async <T>(sql: string): Promise<T[]> => (await trx.raw<{ rows: T[] }>(sql)).rows;
      // Room counters minus tombstones (partial index), without a scan of all messages. Messages
      // whose fact is not published yet (`unpublished`) are left out: their fact will add them.
      const [sum] = await one<{ total: number }>(
        `select ((select coalesce(sum(message_count), 0) from rooms) - (select count(*) from messages where is_deleted)
           - (select coalesce(sum(made), 0) from unpublished))::bigint as total`,
      );
      const seconds = await one<{ second: Date; count: number }>(
        `select second, sum(count)::int as count from (
           select date_trunc('second', m.created_at) as second, count(*) as count from rooms r join messages m on m.room_id = r.id
           where r.active_at > now() - interval '25 hours' and m.created_at > now() - interval '25 hours' and not m.is_deleted
           group by 1
           union all select date_trunc('second', made_at), -made from unpublished where made_at > now() - interval '25 hours'
         ) counted group by 1 having sum(count) <> 0`,
      );
      const facts = await one<{ id: string }>(
        `select id from outbox where name in ('messages.created', 'messages.deleted') and 'admin' = any(waiting_for)`,
      );
      return {
        total: (sum as { total: number }).total,
        seconds: seconds.map(({ second, count }) => [second.toISOString(), count]),
        facts: facts.map(({ id }) => id),
      };
    },
    { isolationLevel: 'repeatable read', readOnly: true },
  );
}
