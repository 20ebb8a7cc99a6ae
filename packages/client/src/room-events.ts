// The log of a room by REST: for who follows a room without a socket.
import { ABORTED, ChatApiError } from './errors.ts';
import type {
  MemberJoined,
  MemberLeft,
  MessageCreated,
  MessageDeleted,
  MessageUpdated,
  ReactionChanged,
  RoomUpdated,
} from './events.ts';
import { path } from './paths.ts';
import { sleep } from './platform.ts';
import type { CallOptions, Rest } from './rest.ts';

/** A change of a room as its log holds it. `seq` is its position: 1, 2, 3, … */
export type RoomEvent =
  | MessageCreated
  | MessageUpdated
  | MessageDeleted
  | ReactionChanged
  | MemberJoined
  | MemberLeft
  | RoomUpdated;

export interface EventPage {
  /** Oldest first. The next page is after the `seq` of the last one. */
  events: RoomEvent[];
  /** Position of the newest event of the room. */
  last_seq: number;
  has_more: boolean;
  /** false: the log no longer reaches back to `after_seq`, or `after_seq` is above `last_seq`. */
  complete: boolean;
}

export interface EventQuery {
  /** Position of the last event that the caller has; default 0: from the beginning. */
  after_seq?: number;
  /** 1–500, default 100. */
  limit?: number;
}

export interface IterateOptions extends CallOptions {
  /** Position of the last event that the caller has; default 0: from the beginning. */
  after?: number;
  /** Pause before the log is asked again at its end, in ms; default 2,000. */
  pollMs?: number;
}

const POLL_MS = 2000;
const PAGE = 200;

function incomplete(after: number, { events, last_seq }: EventPage): ChatApiError {
  const continue_after = (events[0]?.seq ?? last_seq + 1) - 1;
  return new ChatApiError('RESOURCE_NOT_FOUND', `The log has no complete account of what follows seq ${after}`, {
    details: { reason: 'log_incomplete', after, continue_after },
  });
}

/** Events of rooms. An application key needs `events:read` and reads every room. */
export class EventsApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
  }

  /** Lists events of a room after a seq. */
  list(chatId: string, query: EventQuery = {}, options?: CallOptions): Promise<EventPage> {
    return this.#rest.call('GET', path`/rooms/${chatId}/events`, { ...options, query });
  }

  /**
   * Iterates over the events of a room, each once and in order, and waits for new ones at the end
   * of the log, until the loop is left or the signal aborts. It survives outages of the server. To
   * go on after a restart, store the `seq` of the last event that was handled.
   * @throws ChatApiError RESOURCE_NOT_FOUND without the right to read the room; with
   * `details.reason: 'log_incomplete'` when events are missing after `after`: those are only in the
   * history of messages. `details.continue_after` is where the log goes on.
   */
  async *iterate(
    chatId: string,
    { after = 0, pollMs = POLL_MS, signal }: IterateOptions = {},
  ): AsyncGenerator<RoomEvent, void, undefined> {
    for (let position = after; ; ) {
      const page = await this.#pageAfter(chatId, position, pollMs, signal);
      if (page === undefined) return;
      if (!page.complete) throw incomplete(position, page);
      for (const event of page.events) {
        position = event.seq;
        yield event;
        if (signal?.aborted) return;
      }
      if (!page.has_more) await sleep(pollMs, signal);
    }
  }

  /** @returns undefined when the signal has aborted. */
  async #pageAfter(
    chatId: string,
    after_seq: number,
    pollMs: number,
    signal?: AbortSignal,
  ): Promise<EventPage | undefined> {
    while (!signal?.aborted)
      try {
        return await this.list(chatId, { after_seq, limit: PAGE }, { signal });
      } catch (thrown) {
        const { code, retryable, retryAfterMs } = thrown as ChatApiError;
        if (code === ABORTED) return undefined;
        if (!retryable) throw thrown;
        await sleep(retryAfterMs ?? pollMs, signal);
      }
    return undefined;
  }
}
