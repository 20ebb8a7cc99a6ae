// The admin service has checked the role and the setting, and keeps the audit log.
import { type PageInfo, page } from '@chatapi/kit';
import type { Context } from '../context.ts';
import { messageKeyOf } from '../messages/message-cursor.ts';
import { type ShownUsers, usersShown } from '../people/shown-users.ts';
import { lackWords } from '../search-index/backfill-store.ts';
import { searchQuery } from '../search-index/query.ts';
import type { ContextMessage } from './context-store.ts';
import { type AllSearch, searchAll } from './search-all-store.ts';

export async function searchAllMessages(
  ctx: Context,
  asked: AllSearch,
): Promise<{ messages: ContextMessage[]; users: ShownUsers } & PageInfo> {
  const query = searchQuery(asked.q);
  if (query === undefined) return { messages: [], users: {}, has_more: false, next_cursor: null };
  const found = await searchAll(ctx.searches, asked, query, await lackWords(ctx.reads));
  const { messages, ...info } = page('messages', found, asked.limit, ({ created_at, chat_id, seq }) =>
    messageKeyOf({ created_at, room_id: chat_id, seq }),
  );
  const users = await usersShown(
    ctx,
    messages.map(({ sender_id }) => sender_id),
  );
  return { messages, users, ...info };
}
