// Reading messages: pages of a room, of a thread, of all rooms of a user.
import { parse as parseQuery } from 'node:querystring';
import { notFound, type PageInfo, page, parse, Reply } from '@chatapi/kit';
import type { Caller, Role } from '@chatapi/kit/auth';
import { RawBody } from '@chatapi/kit/rpc';
import { ensureGeneral } from '../access/general-room.ts';
import { namedRoom, requireReadable } from '../access/room-access.ts';
import { isWithin, requireTokenRoom } from '../access/token-rooms.ts';
import type { Context } from '../context.ts';
import type { Message } from '../log/message.ts';
import { namedIn, type ShownUsers, usersShown } from '../people/shown-users.ts';
import { type HistoryQuery, historyQuery, type SeqKey } from './history-query.ts';
import { type MessageKey, messageKeyOf } from './message-cursor.ts';
import { readAcrossRooms, renderMessages, toMessages } from './message-store.ts';
import { readRoomPage } from './page-store.ts';
import { readableMessage } from './require-readable.ts';
import { type Ready, readyAnswer } from './rpc-response.ts';
import { showKeys } from './sent-by-application-key.ts';

export interface Page extends PageInfo {
  messages: Message[];
  users: ShownUsers;
  last_seq?: number;
}

/** A page of messages with those whom they name. */
export async function withUsers<P extends { messages: Message[] }>(
  ctx: Context,
  page: P,
): Promise<P & { users: ShownUsers }> {
  return { ...page, users: await usersShown(ctx, page.messages.flatMap(namedIn)) };
}

type Reader = Pick<Caller, 'user_id' | 'role' | 'rooms'>;

/** A cursor of a room continues in the direction of the page before. */
function fromCursor({ cursor, ...query }: HistoryQuery): Omit<HistoryQuery, 'cursor'> {
  if (cursor === undefined) return query;
  const [seq] = cursor as SeqKey;
  return query.after_seq === undefined ? { ...query, before_seq: seq } : { ...query, after_seq: seq };
}

export async function listMessages(ctx: Context, caller: Reader, query: HistoryQuery): Promise<Page> {
  const { limit, skip } = query;
  if (query.thread_of === undefined) requireTokenRoom(caller, query);
  const parent =
    query.thread_of === undefined ? undefined : await readableMessage(ctx.reads, query.thread_of, caller.user_id);
  if (parent !== undefined && !isWithin(caller, parent.row.room_id)) throw notFound('Message');
  const room_id = namedRoom(caller, query) ?? parent?.row.room_id;
  if (room_id !== undefined) requireTokenRoom(caller, { chat_id: room_id });
  else {
    await ensureGeneral(ctx, [caller.user_id]);
    const found = await readAcrossRooms(ctx.db, caller.user_id, { limit, skip, cursor: query.cursor as MessageKey });
    const { messages, ...info } = page('messages', found, limit, messageKeyOf);
    const shown = await showKeys(ctx, caller, await toMessages(ctx, caller.user_id, messages));
    return await withUsers(ctx, { messages: shown, ...info });
  }
  // In one statement with the room. The page is wasted when the caller may not read the room.
  const asked = { ...fromCursor(query), room_id, viewer: caller.user_id };
  const { room, furthest, messages: rows } = await readRoomPage(ctx.reads, asked);
  if (room === undefined) {
    // A direct room without messages does not exist yet and is shown as empty.
    if (query.recipient_id === undefined) throw notFound('Room');
    return { messages: [], users: {}, has_more: false, next_cursor: null, last_seq: 0 };
  }
  requireReadable(room);
  const { messages, ...info } = page('messages', rows, limit, ({ seq }) => [seq]);
  const rendered = renderMessages(caller.user_id, ctx.links, messages, () => furthest);
  const shown = await showKeys(ctx, caller, rendered);
  return await withUsers(ctx, { messages: shown, ...info, last_seq: room.last_seq });
}

/** A GET /messages that the gateway has authenticated, with the raw query string. */
export interface PageRequest {
  user_id: string;
  /** Gateways of the previous release don't send it. */
  role?: Role;
  /** Limits a bot's token. */
  rooms?: string[];
  request_id: string;
  query: string;
}

export async function answerPage(
  ctx: Context,
  { user_id, role = 'user', rooms, request_id, query }: PageRequest,
): Promise<RawBody<Omit<Ready, 'body'>>> {
  const asked = { method: 'GET', request_id, since: performance.now() } as const;
  const { body, ...head } = await readyAnswer(ctx, asked, async () => {
    const wanted = parse(historyQuery, { ...parseQuery(query) }, 'text');
    return new Reply(200, await listMessages(ctx, { user_id, role, rooms }, wanted));
  });
  return new RawBody(head, body);
}

export async function readMessage(ctx: Context, caller: Caller, id: string): Promise<Message> {
  const { row } = await readableMessage(ctx.reads, id, caller.user_id);
  return (await showKeys(ctx, caller, await toMessages(ctx, caller.user_id, [row])))[0] as Message;
}
