import { type Paging, page } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import { readableRoom } from '../access/room-access.ts';
import { requireTokenRoom } from '../access/token-rooms.ts';
import type { Context } from '../context.ts';
import { type Page, withUsers } from '../messages/history.ts';
import { type MessageKey, messageKeyOf } from '../messages/message-cursor.ts';
import { toMessages } from '../messages/message-store.ts';
import { showKeys } from '../messages/sent-by-application-key.ts';
import { lackWords } from '../search-index/backfill-store.ts';
import { searchQuery } from '../search-index/query.ts';
import { searchMessages } from './search-store.ts';

export interface SearchQuery extends Paging<MessageKey> {
  q: string;
  chat_id?: string;
}

/** @throws AppError RESOURCE_NOT_FOUND for a room that the caller may not read. */
export async function search(ctx: Context, caller: Caller, asked: SearchQuery): Promise<Page> {
  const { user_id } = caller;
  requireTokenRoom(caller, asked);
  const { q, chat_id = null, ...paging } = asked;
  if (chat_id !== null) await readableRoom(ctx.reads, chat_id, user_id);
  const query = searchQuery(q);
  if (query === undefined) return { messages: [], users: {}, has_more: false, next_cursor: null };
  const lacking = await lackWords(ctx.reads);
  const found = await searchMessages(ctx.searches, { user_id, q, query, chat_id, ...paging }, lacking);
  const { messages, ...info } = page('messages', found, paging.limit, messageKeyOf);
  const shown = await showKeys(ctx, caller, await toMessages(ctx, user_id, messages));
  return await withUsers(ctx, { messages: shown, ...info });
}
