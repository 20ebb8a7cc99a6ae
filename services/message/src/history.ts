// Owns: reading messages: pages of a room, of a thread, of everything that is mine; search.
import { parse as parseQuery } from 'node:querystring';
import { Answer, type Caller, Enclosed, notFound, type Paging, page, parse } from '@chatapi/kit';
import { namedRoom, readableMessage, roomToShow } from './access.ts';
import { type Ready, readyAnswer } from './answers.ts';
import type { Context } from './context.ts';
import type { Message } from './frames.ts';
import { ensureGeneral } from './general.ts';
import { type HistoryQuery, historyQuery } from './history-query.ts';
import { readMine, readSlice, searchMessages, shownTo, toMessages } from './message-store.ts';

export interface Page {
  messages: Message[];
  has_more: boolean;
  last_seq?: number;
}

type Reader = Pick<Caller, 'user_id'>;

export async function listMessages(ctx: Context, caller: Reader, query: HistoryQuery): Promise<Page> {
  const { limit, skip } = query;
  const parent =
    query.thread_of === undefined ? undefined : await readableMessage(ctx.reads, query.thread_of, caller.user_id);
  const room_id = namedRoom(caller, query) ?? parent?.row.room_id;
  if (room_id === undefined) {
    await ensureGeneral(ctx, [caller.user_id]);
    const { messages, has_more } = page('messages', await readMine(ctx.db, caller.user_id, limit, skip), limit);
    return { messages: await toMessages(ctx, caller.user_id, messages), has_more };
  }
  // Both at once, so that they travel together: a page that turns out not to be the caller's to read is read for nothing.
  const [room, rows] = await Promise.all([
    roomToShow(ctx.reads, room_id, caller.user_id),
    readSlice(ctx.reads, { ...query, room_id }),
  ]);
  if (room === undefined) {
    // A conversation that nobody has begun yet is empty, not missing.
    if (query.recipient_id === undefined) throw notFound('Room');
    return { messages: [], has_more: false, last_seq: 0 };
  }
  const { messages, has_more } = page('messages', rows, limit);
  const furthest = room.furthest ?? [];
  return {
    messages: shownTo(caller.user_id, ctx.links, messages, () => furthest),
    has_more,
    last_seq: room.last_seq,
  };
}

/** A request for a page that the gateway has let in, its query as it came. */
export interface PageAsked {
  user_id: string;
  request_id: string;
  query: string;
}

export async function answerPage(
  ctx: Context,
  { user_id, request_id, query }: PageAsked,
): Promise<Enclosed<Omit<Ready, 'body'>>> {
  const asked = { method: 'GET', request_id, since: performance.now() } as const;
  const { body, ...head } = await readyAnswer(ctx, asked, async () => {
    const wanted = parse(historyQuery, { ...parseQuery(query) }, 'query');
    return new Answer(200, await listMessages(ctx, { user_id }, wanted));
  });
  return new Enclosed(head, body);
}

export async function readMessage(ctx: Context, caller: Caller, id: string): Promise<Message> {
  const { row } = await readableMessage(ctx.reads, id, caller.user_id);
  return (await toMessages(ctx, caller.user_id, [row]))[0] as Message;
}

export async function search(ctx: Context, caller: Caller, { q, limit, skip }: Paging & { q: string }): Promise<Page> {
  const { messages, has_more } = page('messages', await searchMessages(ctx.db, caller.user_id, q, limit, skip), limit);
  return { messages: await toMessages(ctx, caller.user_id, messages), has_more };
}
