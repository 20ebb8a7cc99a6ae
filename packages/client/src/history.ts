// REST requests of a connection: its rooms, and messages that the log no longer holds.
import { Backoff } from './backoff.ts';
import { ChatApiError } from './errors.ts';
import type { EventQueue } from './event-queue.ts';
import type { Machine } from './machine.ts';
import type { Message, Room } from './models.ts';
import { type Page, pageOf, startAfter } from './pages.ts';
import { sleep } from './platform.ts';
import type { Rest } from './rest.ts';

const GONE = new Set(['RESOURCE_NOT_FOUND', 'AUTHORIZATION_ERROR']);
const POLL_MS = 50;

/**
 * Passes the caller's rooms to `note`, latest activity first; `note` returns whether a room was
 * new. `onlyNews`: stops at a page without new rooms.
 * `onPage` gets each page.
 * @returns whether they could be read; a limit must not keep the client from connecting.
 */
export async function findRooms(
  rest: Rest,
  note: (room: Room) => boolean,
  { onlyNews, waits, onPage }: { onlyNews: boolean; waits: boolean; onPage?: (page: Page<Room>) => void },
): Promise<boolean> {
  let start: ReturnType<typeof startAfter> = { skip: 0 };
  for (let seen = 0; ; ) {
    let page: Page<Room>;
    try {
      page = pageOf('rooms', await rest.call('GET', '/rooms', { query: { limit: 100, ...start }, waits }));
    } catch (error) {
      if (error instanceof ChatApiError && error.code === 'RATE_LIMIT_EXCEEDED') return false;
      throw error;
    }
    onPage?.(page);
    const news = page.items.filter(note);
    if (!page.has_more || (onlyNews && news.length === 0)) return true;
    seen += page.items.length;
    start = startAfter(page, seen);
  }
}

/** Delivers the messages of a room after its position, oldest first, then lets the log continue. */
export async function fill(rest: Rest, machine: Machine, queue: EventQueue, chatId: string): Promise<void> {
  const { views } = machine;
  const start = views.positions.get(chatId) ?? 0;
  const backoff = new Backoff();
  let position = start;
  let missed = 0;
  let end = 0;
  for (let more = true; more && !machine.isClosed; ) {
    let page: Page<Message>;
    try {
      const query = { chat_id: chatId, after_seq: position, limit: 100 };
      page = pageOf('messages', await rest.call('GET', '/messages/', { query }));
    } catch (thrown) {
      const error = thrown as ChatApiError;
      if (GONE.has(error.code)) {
        views.forget(chatId);
        const timestamp = new Date().toISOString();
        queue.put({ type: 'room_removed', data: { type: 'room_removed', chat_id: chatId, timestamp } });
        return;
      }
      if (!error.retryable) throw error;
      await sleep(error.retryAfterMs ?? backoff.next());
      continue;
    }
    end = page.last_seq ?? 0;
    for (const message of page.items.filter(({ seq }) => seq <= end)) {
      while (!queue.hasPlace && !machine.isClosed) await sleep(POLL_MS);
      queue.put({ type: 'message', data: { type: 'message', ...message }, fromHistory: true });
      position = message.seq;
      missed++;
      views.filledTo(chatId, position);
    }
    more = page.has_more && position < end;
  }
  views.filledTo(chatId, end);
  views.filled(chatId);
  queue.put({ type: 'resync', data: { chat_id: chatId, missed, first_seq: start + 1, last_seq: end } });
}
