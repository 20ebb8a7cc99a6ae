// Collects sends into batches: one commit at a time, and what arrives meanwhile is in the next one.
// A batch that does not end in time is given up, so that the next one can start.
import { unavailable } from '@chatapi/kit';
import { createMicroBatch } from '@chatapi/kit/rpc';
import type { Outcome } from './outcome.ts';

export interface BatchOptions<T, R> {
  /** One outcome per item, in their order. `retry` puts the item at the head of the next batch. */
  commit(items: T[], signal: AbortSignal): Promise<Outcome<R>[]>;
  /** A batch waits up to 3 ms for the callers of the last two batches. */
  callerOf(item: T): string;
  maxItems: number;
  /** Milliseconds from `add` until SERVICE_UNAVAILABLE. */
  deadlineMs: number;
  onBatch?(size: number, seconds: number): void;
  /** The batch and all that waits behind it failed: `items` get an error. */
  onFailure?(items: number): void;
}

interface Entry<T, R> {
  item: T;
  due: number;
  resolve(result: R): void;
  reject(error: unknown): void;
}

export interface Batcher<T, R> {
  add(item: T): Promise<R>;
  /** Resolves when no item is waiting and no commit is running. */
  idle(): Promise<void>;
}

/** A batch has this long even if its first item has waited behind a slow one. */
const MIN_COMMIT_MS = 500;
/** A batch of this size does not wait: one more item would hardly make the others cheaper. */
const LARGE = 32;

export function createBatcher<T, R>(options: BatchOptions<T, R>): Batcher<T, R> {
  const { commit, callerOf, maxItems, deadlineMs, onBatch, onFailure } = options;
  const microBatch = createMicroBatch();
  let waiting: Entry<T, R>[] = [];
  /** Callers of the waiting items. */
  let callers = new Set<string>();
  /**
   * Callers of the last batch. Without them, two callers that alternate would never share a batch.
   */
  let previous = new Set<string>();
  const present = (): number => (waiting.length < LARGE ? callers.size : Number.POSITIVE_INFINITY);
  let running = false;
  const onIdle: (() => void)[] = [];

  async function attempt(batch: Entry<T, R>[]): Promise<Outcome<R>[]> {
    const stop = new AbortController();
    const timeLeft = Math.max((batch[0] as Entry<T, R>).due - Date.now(), MIN_COMMIT_MS);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = unavailable('The database', new Error('a batch did not end in time'));
        stop.abort(error);
        reject(error);
      }, timeLeft);
    });
    try {
      return await Promise.race([
        commit(
          batch.map(({ item }) => item),
          stop.signal,
        ),
        late,
      ]);
    } finally {
      clearTimeout(timer);
    }
  }

  function settle(batch: Entry<T, R>[], outcomes: Outcome<R>[]): void {
    const retried: Entry<T, R>[] = [];
    batch.forEach((entry, i) => {
      const outcome = outcomes[i] as Outcome<R>;
      if (outcome.kind === 'sent') entry.resolve(outcome.result);
      else if (outcome.kind === 'refused') entry.reject(outcome.error);
      else retried.push(entry);
    });
    waiting = [...retried, ...waiting];
  }

  const callersOf = (entries: Entry<T, R>[]): Set<string> => new Set(entries.map(({ item }) => callerOf(item)));

  async function write(batch: Entry<T, R>[]): Promise<void> {
    const started = process.hrtime.bigint();
    try {
      settle(batch, await attempt(batch));
      onBatch?.(batch.length, Number(process.hrtime.bigint() - started) / 1e9);
    } catch (error) {
      onFailure?.(batch.length + waiting.length);
      // What waits needs the same database: it fails at once instead of a deadline later.
      for (const entry of [...batch, ...waiting]) entry.reject(error);
      waiting = [];
    }
  }

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      await microBatch.gather(present());
      const batch = waiting.slice(0, maxItems);
      waiting = waiting.slice(maxItems);
      await write(batch);
      callers = callersOf(waiting);
      const written = callersOf(batch);
      microBatch.ended(written.union(previous).union(callers).size);
      previous = written;
    }
    running = false;
    for (const resolve of onIdle.splice(0)) resolve();
  }

  return {
    add: (item) =>
      new Promise<R>((resolve, reject) => {
        waiting.push({ item, due: Date.now() + deadlineMs, resolve, reject });
        callers.add(callerOf(item));
        microBatch.came(present());
        if (!running) void run();
      }),
    idle: () => (running ? new Promise((resolve) => onIdle.push(resolve)) : Promise.resolve()),
  };
}
