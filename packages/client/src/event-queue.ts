// Events between connection and app: a bounded queue and one dispatch loop. Handlers run one event
// after the other, in order; promises are awaited. A handler may call the client, and a slow one
// delays only later events.
import type { AnyEvent, EventName, RealtimeEvents } from './events.ts';

/** Maximum of queued events; above it, the connection takes no events until half are handled. */
const HIGH_WATER = 4096;
const STREAM_BUFFER = 64;

export type Handler<Name extends EventName> = (data: RealtimeEvents[Name]) => unknown;
type AnyHandler = (data: unknown) => unknown;

/** Read with `for await`; `return` ends a pending `next` too. */
export interface EventStream extends AsyncIterableIterator<AnyEvent> {
  return(): Promise<IteratorResult<AnyEvent>>;
}

/** Wakes all waiters. */
class Bell {
  #waiters: (() => void)[] = [];

  ring(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  rung(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }
}

/** Events for one `for await`. The producer waits while it is not read. */
class Stream {
  readonly #events: AnyEvent[] = [];
  readonly #bell = new Bell();
  #ended = false;

  async give(event: AnyEvent): Promise<void> {
    this.#events.push(event);
    this.#bell.ring();
    while (this.#events.length >= STREAM_BUFFER && !this.#ended) await this.#bell.rung();
  }

  end(): void {
    this.#ended = true;
    this.#bell.ring();
  }

  async next(): Promise<IteratorResult<AnyEvent>> {
    while (true) {
      const value = this.#events.shift();
      if (value !== undefined) {
        this.#bell.ring();
        return { value, done: false };
      }
      if (this.#ended) return { value, done: true };
      await this.#bell.rung();
    }
  }
}

export class EventQueue {
  #events: AnyEvent[] = [];
  #taken = 0;
  #full = false;
  #closed = false;
  #ended = false;
  /** Waiters of `once`. */
  readonly #waiting = new Set<() => void>();
  readonly #bell = new Bell();
  readonly #handlers = new Map<string, AnyHandler[]>();
  readonly #streams = new Set<Stream>();
  readonly #failed: (event: string, error: unknown) => void;

  constructor(failed: (event: string, error: unknown) => void) {
    this.#failed = failed;
  }

  put(event: AnyEvent): void {
    this.#events.push(event);
    this.#full ||= this.#length >= HIGH_WATER;
    this.#bell.ring();
  }

  get hasPlace(): boolean {
    return !this.#full;
  }

  /** Delivers what is queued, then ends. */
  close(): void {
    this.#closed = true;
    this.#bell.ring();
  }

  /** Drops queued events: the app has closed and gets only the state change. */
  drop(): void {
    this.#events = this.#events.slice(this.#taken).filter(({ type }) => type === 'state');
    this.#taken = 0;
  }

  listen<Name extends EventName>(event: Name, handler: Handler<Name>): () => void {
    const own: AnyHandler = (data) => handler(data as RealtimeEvents[Name]);
    this.#handlers.set(event, [...(this.#handlers.get(event) ?? []), own]);
    this.#bell.ring();
    return () =>
      void this.#handlers.set(
        event,
        this.#handlersOf(event).filter((other) => other !== own),
      );
  }

  /**
   * The next such event. Rejects with the signal's reason, or with the result of `over` when no
   * more events come.
   */
  once<Name extends EventName>(event: Name, over: () => unknown, signal?: AbortSignal): Promise<RealtimeEvents[Name]> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.#waiting.delete(giveUp);
        signal?.removeEventListener('abort', aborted);
        stop();
        settle();
      };
      const giveUp = (): void => end(() => reject(over()));
      const aborted = (): void => end(() => reject(signal?.reason));
      const stop = this.listen(event, (data) => end(() => resolve(data)));
      if (signal?.aborted) return aborted();
      if (this.#ended) return giveUp();
      signal?.addEventListener('abort', aborted);
      this.#waiting.add(giveUp);
      this.#bell.ring();
    });
  }

  /**
   * All events from the first `next` on, while the connection lives; unread events stay queued. Not
   * a generator, which would end only with its next event.
   */
  stream(signal?: AbortSignal): EventStream {
    const stream = new Stream();
    const end = (): void => {
      signal?.removeEventListener('abort', end);
      this.#streams.delete(stream);
      stream.end();
    };
    let begin = (): void => {
      begin = () => undefined;
      if (signal?.aborted || this.#ended) {
        end();
        return;
      }
      signal?.addEventListener('abort', end);
      this.#streams.add(stream);
      this.#bell.ring();
    };
    return {
      next: () => {
        begin();
        return stream.next();
      },
      return: async () => {
        begin = () => undefined;
        end();
        return { value: undefined, done: true };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /**
   * Runs until closed and empty. Delivers nothing before there is a listener. `drained` is called
   * when there is room again.
   */
  async dispatch(drained: () => void): Promise<void> {
    while (this.#length > 0 || !this.#closed) {
      if (this.#length === 0 || !this.#isHeard()) {
        if (this.#closed) break;
        await this.#bell.rung();
        continue;
      }
      const event = this.#next();
      if (this.#full && this.#length <= HIGH_WATER / 2) {
        this.#full = false;
        drained();
      }
      await this.#give(event);
    }
    this.#ended = true;
    for (const stream of this.#streams) stream.end();
    for (const giveUp of this.#waiting) giveUp();
  }

  get #length(): number {
    return this.#events.length - this.#taken;
  }

  #isHeard(): boolean {
    return this.#streams.size > 0 || [...this.#handlers.values()].some((handlers) => handlers.length > 0);
  }

  /** `shift` is O(n) on a long array. */
  #next(): AnyEvent {
    const event = this.#events[this.#taken++] as AnyEvent;
    if (this.#taken >= 1024 || this.#taken === this.#events.length) {
      this.#events = this.#events.slice(this.#taken);
      this.#taken = 0;
    }
    return event;
  }

  #handlersOf(event: string): AnyHandler[] {
    return this.#handlers.get(event) ?? [];
  }

  async #give(event: AnyEvent): Promise<void> {
    for (const stream of this.#streams) await stream.give(event);
    for (const handler of this.#handlersOf(event.type)) await this.#run(handler, event);
  }

  async #run(handler: AnyHandler, { type, data }: AnyEvent): Promise<void> {
    try {
      const told = handler(data);
      if (told instanceof Promise) await this.#patiently(told);
    } catch (error) {
      this.#failed(type, error);
    }
  }

  /** While a `once` is pending, a running handler is not awaited: it may be the waiter. */
  async #patiently(running: Promise<unknown>): Promise<void> {
    let ended = false;
    const ending = running.finally(() => {
      ended = true;
      this.#bell.ring();
    });
    ending.catch(() => undefined);
    while (!ended && this.#waiting.size === 0) await this.#bell.rung();
    if (ended) await ending;
    else ending.catch((error: unknown) => this.#failed('once', error));
  }
}
