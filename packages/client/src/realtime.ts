// The connection as the app sees it. Sockets and reconnecting are in `driver.ts`, sending in
// `sends.ts`.
import { Driver } from './driver.ts';
import { ChatApiError, NETWORK_ERROR } from './errors.ts';
import type { EventStream, Handler } from './event-queue.ts';
import type { AnyEvent, EventName, RealtimeEvents, RealtimeState } from './events.ts';
import { overOf } from './machine.ts';
import type { ReadInput } from './messages.ts';
import type { Message } from './models.ts';
import type { OutboxStore } from './outbox-store.ts';
import { now } from './platform.ts';
import type { Rest } from './rest.ts';
import { type LiveSendInput, type LiveSendOptions, Sends } from './sends.ts';
import type { RoomsPage } from './state-pages.ts';

export interface RealtimeOptions {
  /** Default true. false: a lost connection closes it. */
  autoReconnect?: boolean;
  /**
   * Default true. false: delivers only what arrives while connected, and sends no REST requests.
   */
  resume?: boolean;
  /**
   * Default true: tabs of one session share one connection, where the browser has Web Locks and
   * BroadcastChannel. Not without `resume` or `autoReconnect`.
   */
  shareTabs?: boolean;
  /** Keeps unsent messages over reloads; see `localOutbox`. Default: in memory. */
  outbox?: OutboxStore;
  /**
   * For apps that show rooms: gets the user's rooms in pages after the first connection, and those
   * of latest activity after a reconnect. Each is as of its `last_seq`; events after it follow,
   * also those that came before the page. Needs `resume`.
   */
  onRooms?: (page: RoomsPage) => void;
  /** Bounds of the delay between attempts in ms; default 500 and 20,000. */
  minDelayMs?: number;
  maxDelayMs?: number;
}

/**
 * A connection that reconnects by itself, and loses, duplicates and reorders nothing. Delivers
 * nothing before the first handler or iterator. Handlers run one event after the other; promises
 * are awaited.
 */
export class Realtime implements AsyncIterable<AnyEvent> {
  readonly #driver: Driver;
  readonly #sends: Sends;
  readonly #rest: Rest;
  readonly #givenUser: string | undefined;

  constructor(rest: Rest, webSocket: typeof WebSocket, userId: string | undefined, options: RealtimeOptions) {
    const { autoReconnect = true, resume = true, shareTabs = true, outbox, onRooms, minDelayMs, maxDelayMs } = options;
    this.#rest = rest;
    this.#givenUser = userId;
    this.#driver = new Driver(rest, userId ?? 'me', {
      autoReconnect,
      resume,
      shareTabs,
      minDelayMs,
      maxDelayMs,
      webSocket,
      onRooms,
      opening: () => this.#sends.load(),
      opened: () => this.#sends.restore(),
    });
    const { machine, queue } = this.#driver;
    const refused = (error: ChatApiError): void => queue.put({ type: 'error', data: error });
    this.#sends = new Sends(machine, outbox, rest.logger, () => this.#driver.act(), refused);
  }

  get state(): RealtimeState {
    return this.#driver.machine.state;
  }

  /** Id of the connected user; undefined before the first connection. */
  get userId(): string | undefined {
    return this.#driver.machine.userId;
  }

  /** Round-trip time of the last ping in ms. Pings are sent every 20 s. */
  get latencyMs(): number | undefined {
    return this.#driver.machine.heartbeat.latencyMs;
  }

  /**
   * Why the last connection or attempt ended, such as `RATE_LIMIT_EXCEEDED` after close code 4429
   * (too many connections of the user); undefined while it never did.
   */
  get lastError(): ChatApiError | undefined {
    const { error, lastLoss } = this.#driver.machine;
    return error ?? lastLoss;
  }

  /**
   * Resolves when connected. Rejects with `NETWORK_ERROR` after `timeoutMs`, with `lastError` as
   * its cause, or with the reason why it was closed.
   */
  async ready(timeoutMs = Number.POSITIVE_INFINITY): Promise<void> {
    const end = now() + timeoutMs;
    while (this.state !== 'connected') {
      if (this.state === 'closed') throw overOf(this.#driver.machine);
      if (now() >= end) throw notConnected(timeoutMs, this.lastError);
      await this.#driver.settled.wait(Math.min(end - now(), 60_000));
    }
  }

  /**
   * Registers a handler.
   * @returns a function that removes it.
   */
  on<Name extends EventName>(event: Name, handler: Handler<Name>): () => void {
    return this.#driver.queue.listen(event, handler);
  }

  /**
   * The next such event; may be used in a handler. Rejects with the reason why the connection was
   * closed, or with the signal's reason.
   */
  once<Name extends EventName>(event: Name, { signal }: { signal?: AbortSignal } = {}): Promise<RealtimeEvents[Name]> {
    return this.#driver.queue.once(event, () => overOf(this.#driver.machine), signal);
  }

  /** All events from now on, until the connection is closed or the signal aborts. */
  events({ signal }: { signal?: AbortSignal } = {}): EventStream {
    return this.#driver.queue.stream(signal);
  }

  [Symbol.asyncIterator](): EventStream {
    return this.events();
  }

  /**
   * Resolves once the message is committed, with its id and seq. Waits through reconnects, restarts
   * and limits, keeps the order of sends, and delivers once. Without a room or user it goes to
   * `general`. `timeoutMs` and `signal` stop sending, though the message may have arrived.
   * `content` of the result is as given; active markup is removed from what others see.
   */
  send(input: LiveSendInput, options: LiveSendOptions = {}): Promise<Message> {
    this.#driver.use();
    return this.#sends.send(input, this.userId ?? this.#givenUser ?? this.#rest.tokens.subject, options);
  }

  /** Shows that the user is typing, or not any more; dropped without a connection. */
  typing(chatId: string, { stop }: { stop?: true } = {}): void {
    this.#driver.use();
    this.#driver.machine.typing(chatId, stop);
    this.#driver.act();
  }

  /** Marks a room as read up to `seq`; kept until there is a connection. */
  markRead({ chat_id, seq }: ReadInput): void {
    this.#driver.use();
    this.#driver.machine.read(chat_id, seq);
    this.#driver.act();
  }

  /**
   * For moderators and admins: delivers `staff_stats` every two seconds, `staff_report` and
   * `staff_entry` as they come, on this connection and those after it. What came without a
   * connection is in the lists. `staff_ended`: the role was taken away.
   */
  watchStaff(): void {
    this.#driver.machine.watchStaff();
    this.#driver.act();
  }

  /**
   * For apps that keep rooms by themselves: delivers all events of a room after `seq`, such as the
   * `last_seq` of a page of its messages. Those that were delivered before come again.
   */
  follow(chatId: string, seq: number): void {
    this.#driver.machine.views.follow(chatId, seq);
    this.#driver.act();
  }

  /** Closes permanently; pending sends reject with `CLIENT_CLOSED`. */
  async close(): Promise<void> {
    this.#driver.close();
  }
}

function notConnected(timeoutMs: number, last: ChatApiError | undefined): ChatApiError {
  const why = last === undefined ? '' : `: ${last.message}`;
  const { status, details, requestId } = last ?? {};
  const message = `Not connected within ${timeoutMs} ms${why}`;
  return new ChatApiError(NETWORK_ERROR, message, { status, details, requestId, cause: last });
}
