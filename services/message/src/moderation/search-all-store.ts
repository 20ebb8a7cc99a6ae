// Full text over all rooms, for admins who answer legal requests. Deleted messages have no text.
import type { Paging } from '@chatapi/kit';
import type { Pool } from '@chatapi/kit/data';
import { keyValues, type MessageKey } from '../messages/message-cursor.ts';
import { behindKey } from '../messages/message-store.ts';
import { CONTEXT_COLUMNS, type ContextMessage, type ContextRow, toContext } from './context-store.ts';

export interface AllSearch extends Paging<MessageKey> {
  /** As typed. */
  q: string;
  chat_id?: string;
  sender_id?: string;
  /** Inclusive. */
  from?: string;
  /** Exclusive. */
  to?: string;
}

// Materialized, as in search/search-store.ts: the planner can't know how common a prefix is.
const statement = (or = ''): string => `
with hits as materialized (
  select m.room_id, m.seq, m.created_at from messages m
  where not m.is_deleted and (m.search @@ $1::tsquery ${or}) and ($2::text is null or m.room_id = $2)
    and ($3::text is null or m.sender_id = $3)
    and ($4::timestamptz is null or m.created_at >= $4) and ($5::timestamptz is null or m.created_at < $5)
    and ${behindKey('m', '$8', '$9', '$10')}
), newest as (select * from hits order by created_at desc, room_id, seq desc limit $6 offset $7)
select ${CONTEXT_COLUMNS} from newest n join messages m using (room_id, seq, created_at)
order by created_at desc, room_id, seq desc`;

const SEARCH = statement();
const SEARCH_WITHOUT_WORDS = statement(
  `or coalesce(m.search_version, 0) = 0 and to_tsvector('simple', m.content) @@ websearch_to_tsquery('simple', $11)`,
);

/**
 * Newest first, at most `limit` + 1 rows.
 * @param lacking whether messages may have no words yet.
 */
export async function searchAll(
  searches: Pool,
  { q, chat_id, sender_id, from, to, limit, skip, cursor }: AllSearch,
  query: string,
  lacking: boolean,
): Promise<ContextMessage[]> {
  const { key_at, key_room, key_seq } = keyValues(cursor);
  const filters = [query, chat_id ?? null, sender_id ?? null, from ?? null, to ?? null];
  const values = [...filters, limit + 1, skip, key_at, key_room, key_seq];
  const { rows } = lacking
    ? await searches.query<ContextRow>(SEARCH_WITHOUT_WORDS, [...values, q])
    : await searches.query<ContextRow>(SEARCH, values);
  return rows.map(toContext);
}
