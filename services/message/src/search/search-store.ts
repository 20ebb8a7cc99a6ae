import type { Paging } from '@chatapi/kit';
import type { Pool } from '@chatapi/kit/data';
import { keyValues, type MessageKey } from '../messages/message-cursor.ts';
import { behindKey, columnsFor, type MessageWithReactions } from '../messages/message-store.ts';

export interface MessageSearch extends Paging<MessageKey> {
  user_id: string;
  /** As typed. */
  q: string;
  /** `q` as a tsquery. */
  query: string;
  /** null: in all rooms that the user may read. */
  chat_id: string | null;
}

// Materialized, and joined with narrow rows: otherwise the planner, which can't know how common a
// prefix is, asks the index of words once per room.
const searchStatement = (or = ''): string => `
with hits as materialized (
  select m.room_id, m.seq, m.created_at from messages m
  where not m.is_deleted and (m.search @@ $2::tsquery ${or}) and ($3::text is null or m.room_id = $3)
    and ${behindKey('m', '$6', '$7', '$8')}
), newest as (
  select h.* from hits h join rooms r on r.id = h.room_id and r.deleted_at is null
  where r.kind = 'public' or exists (select 1 from room_members rm where rm.room_id = h.room_id and rm.user_id = $1)
  order by h.created_at desc, h.room_id, h.seq desc limit $4 offset $5
)
select ${columnsFor('$1')} from newest n join messages m on m.room_id = n.room_id and m.seq = n.seq
order by n.created_at desc, n.room_id, n.seq desc`;

export const SEARCH = searchStatement();

/**
 * Also finds messages that have no words yet, by whole words as PostgreSQL reads them. `coalesce`
 * keeps the planner from reading all of them.
 */
export const SEARCH_WITHOUT_WORDS = searchStatement(
  `or coalesce(m.search_version, 0) = 0 and to_tsvector('simple', m.content) @@ websearch_to_tsquery('simple', $9)`,
);

/**
 * Newest first, at most `limit` + 1 rows. Statements without a name: the best plan depends on how
 * common the words are.
 * @param lacking whether messages may have no words yet.
 */
export async function searchMessages(
  searches: Pool,
  { user_id, q, query, chat_id, limit, skip, cursor }: MessageSearch,
  lacking: boolean,
): Promise<MessageWithReactions[]> {
  const { key_at, key_room, key_seq } = keyValues(cursor);
  const values = [user_id, query, chat_id, limit + 1, skip, key_at, key_room, key_seq];
  const { rows } = lacking
    ? await searches.query<MessageWithReactions>(SEARCH_WITHOUT_WORDS, [...values, q])
    : await searches.query<MessageWithReactions>(SEARCH, values);
  return rows;
}
