// Owns: what admin asks of the log: what reports are about, and the counts behind the statistics.
import type { Knex } from '@chatapi/kit';
import type { Kind } from './permissions.ts';

export interface ShownMessage {
  id: string;
  chat_id: string;
  sender_id: string;
  content: string;
  is_deleted: boolean;
  created_at: Date;
}

/** Those that exist, for who handles reports. */
export const shownMessages = async (db: Knex, ids: string[]): Promise<ShownMessage[]> =>
  await db('messages')
    .whereIn('id', ids)
    .select('id', 'room_id as chat_id', 'sender_id', 'content', 'is_deleted', 'created_at');

export interface CountedRoom {
  room_id: string;
  kind: Kind;
  updated_at: Date;
  deleted: boolean;
}

/** Those asked for; without ids a page in order of id. Deleted rooms too. */
export const countedRooms = async (
  db: Knex,
  { ids, after, limit }: { ids?: string[]; after: string; limit: number },
): Promise<CountedRoom[]> =>
  await db('rooms')
    .where((which) => (ids === undefined ? which.where('id', '>', after) : which.whereIn('id', ids)))
    .orderBy('id')
    .limit(limit)
    .select('id as room_id', 'kind', 'updated_at', db.raw('deleted_at is not null as deleted'));

export interface MessageCounts {
  total: number;
  /** Of the last 25 hours by second, as [ISO second, count]. */
  seconds: [string, number][];
  /** Facts about messages that are in these counts and that admin may not have heard yet. */
  facts: string[];
}

/** Facts of the time when this began would wait for their handler that long, so it may take that long. */
const COUNT_MS = 120_000;

/** All of it as of one moment. Deleted messages are not counted. */
export async function countMessages(db: Knex): Promise<MessageCounts> {
  return await db.transaction(
    async (trx) => {
      await trx.raw(`set local statement_timeout = ${COUNT_MS}`);
      const one = async <T>(sql: string): Promise<T[]> => (await trx.raw<{ rows: T[] }>(sql)).rows;
      // Counters of the rooms less tombstones, by their own index: no scan of what was ever said. What no fact has told yet is in none
      // of these counts, for its fact will add it.
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
