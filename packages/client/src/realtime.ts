// Owns: what an app sees of a connection. Does not own: sockets and reconnecting (`driver.ts`), sending (`sends.ts`).
import { Driver } from './driver.ts';
import { ChatApiError, NETWORK_ERROR } from './errors.ts';
import type { AnyEvent, EventName, RealtimeEvents, RealtimeState } from './events.ts';
import type { EventStream, Handler } from './inbox.ts';
import { overOf } from './machine.ts';
import type { ReadInput } from './messages.ts';
import type { Message } from './models.ts';
import type { OutboxStore } from './outbox-store.ts';
import { now } from './platform.ts';
import type { Rest } from './rest.ts';
import { type LiveSendInput, type LiveSendOptions, Sends } from './sends.ts';

export interface RealtimeOptions {
  /** Default true; false: a cut closes it. */
  autoReconnect?: boolean;
  /** Default true; false: only what arrives while it is connected, and nothing is asked of REST. */
  resume?: boolean;
  /** Keeps messages on their way over reloads; see `localOutbox`. Default: memory alone. */
  outbox?: OutboxStore;
  /** Bounds of the wait between two tries; default 500 and 20,000. */
  minDelayMs?: number;
  maxDelayMs?: number;
}

/**
 * A connection that takes care of itself: it comes back after any cut and loses, doubles and misorders nothing. Nothing is
 * given out before the first handler or iterator is there. Handlers run one event after the other; one that returns a
 * promise is waited for.
 */
export class Realtime implements AsyncIterable<AnyEvent> {
  readonly #driver: Driver;
  readonly #sends: Sends;
  readonly #rest: Rest;
  readonly #givenUser: string | undefined;

  constructor(rest: Rest, webSocket: typeof WebSocket, userId: string | undefined, options: RealtimeOptions) {
    const { autoReconnect = true, resume = true, outbox, minDelayMs, maxDelayMs } = options;
    this.#rest = rest;
    this.#givenUser = userId;
    this.#driver = new Driver(rest, userId ?? 'me', {
      autoReconnect,
      resume,
      minDelayMs,
      maxDelayMs,
      webSocket,
      opening: () => this.#sends.load(),
      opened: () => this.#sends.restore(),
    });
    const { machine, inbox } = this.#driver;
    const refused = (error: ChatApiError): void => inbox.put({ type: 'error', data: error });
    this.#sends = new Sends(machine, outbox, rest.logger, () => this.#driver.act(), refused);
  }

  get state(): RealtimeState {
    return this.#driver.machine.state;
  }

  /** Whose connection it is; undefined before it was first connected. */
  get userId(): string | undefined {
    return this.#driver.machine.userId;
  }

  /** Round trip of the last ping, which goes out every 20 s. */
  get latencyMs(): number | undefined {
    return this.#driver.machine.heartbeat.latencyMs;
  }

  /** Resolves when connected. Rejects with `NETWORK_ERROR` after `timeoutMs`, or with why it was closed. */
  async ready(timeoutMs = Number.POSITIVE_INFINITY): Promise<void> {
    const end = now() + timeoutMs;
    while (this.state !== 'connected') {
      if (this.state === 'closed') throw overOf(this.#driver.machine);
      if (now() >= end) throw new ChatApiError(NETWORK_ERROR, `Not connected within ${timeoutMs} ms`);
      await this.#driver.settled.wait(Math.min(end - now(), 60_000));
    }
  }

  /** Calls for each such event. @returns a function that stops it. */
  on<Name extends EventName>(event: Name, handler: Handler<Name>): () => void {
    return this.#driver.inbox.listen(event, handler);
  }

  /** The next such event; also from within a handler. Rejects with why the connection was closed, or the signal's reason. */
  once<Name extends EventName>(event: Name, { signal }: { signal?: AbortSignal } = {}): Promise<RealtimeEvents[Name]> {
    return this.#driver.inbox.once(event, () => overOf(this.#driver.machine), signal);
  }

  /** Every event from now on, until the connection is closed or the signal says so. */
  events({ signal }: { signal?: AbortSignal } = {}): EventStream {
    return this.#driver.inbox.stream(signal);
  }

  [Symbol.asyncIterator](): EventStream {
    return this.events();
  }

  /**
   * Resolves once the message is committed, with its id and its place in the log. It waits through cuts, restarts and
   * limits, keeps the order of sending, and arrives once. Without a room or a person it goes to `general`. `timeoutMs`,
   * `signal`: then it is no longer sent, though it may have arrived. The answer's `content` is as given; markup is removed
   * from what others see.
   */
  send(input: LiveSendInput, options: LiveSendOptions = {}): Promise<Message> {
    return this.#sends.send(input, this.userId ?? this.#givenUser ?? this.#rest.tokens.subject, options);
  }

  /** Tells the others of a room; lost without a connection. */
  typing(chatId: string): void {
    this.#driver.machine.typing(chatId);
    this.#driver.act();
  }

  /** I have read up to here; kept until there is a connection. */
  markRead({ chat_id, seq }: ReadInput): void {
    this.#driver.machine.read(chat_id, seq);
    this.#driver.act();
  }

  /** For good; sends that wait for their answer reject with `CLIENT_CLOSED`. */
  async close(): Promise<void> {
    this.#driver.close();
  }
}
