// Owns: how sends become batches: one commit in flight, what arrives meanwhile goes into the next, nobody waits beyond a deadline.
// Does not own: what a batch does. It can't wedge: a batch that does not end in time is given up and the next one starts.
import { openBurst, unavailable } from '@chatapi/kit';

export interface BatchOptions<T, R> {
  /** One outcome per item, in the same order; an Error rejects that item, `undefined` puts it at the head of the next batch. */
  commit(items: T[], signal: AbortSignal): Promise<(R | Error | undefined)[]>;
  /** Who brought it: all whose items were in the last two batches are waited for, 3 ms at most. */
  callerOf(item: T): string;
  /** Most items in one batch. */
  cap: number;
  /** Milliseconds from an item's arrival until its caller hears SERVICE_UNAVAILABLE. */
  deadlineMs: number;
  onBatch?(size: number, seconds: number): void;
}

interface Entry<T, R> {
  item: T;
  due: number;
  resolve(result: R): void;
  reject(error: unknown): void;
}

export interface Batcher<T, R> {
  add(item: T): Promise<R>;
  /** Resolves when nothing is under way or waiting. */
  idle(): Promise<void>;
}

// Enough for one commit, if the first item waited for a slow one before.
const LEAST_MS = 500;
/** What a batch costs by itself is little beside so many items: it waits for nobody. */
const LARGE = 32;

export function openBatcher<T, R>(options: BatchOptions<T, R>): Batcher<T, R> {
  const { commit, callerOf, cap, deadlineMs, onBatch } = options;
  const burst = openBurst();
  let waiting: Entry<T, R>[] = [];
  /** Who brought what waits. */
  let callers = new Set<string>();
  /** Whose was the last batch. Two who come by turns are never in one batch unless each waits for the other. */
  let before = new Set<string>();
  const here = (): number => (waiting.length < LARGE ? callers.size : Number.POSITIVE_INFINITY);
  let running = false;
  const idlers: (() => void)[] = [];

  async function attempt(batch: Entry<T, R>[]): Promise<(R | Error | undefined)[]> {
    const stop = new AbortController();
    const timeLeft = Math.max((batch[0] as Entry<T, R>).due - Date.now(), LEAST_MS);
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

  function settle(batch: Entry<T, R>[], outcomes: (R | Error | undefined)[]): void {
    const again: Entry<T, R>[] = [];
    batch.forEach((entry, i) => {
      const outcome = outcomes[i];
      if (outcome === undefined) again.push(entry);
      else if (outcome instanceof Error) entry.reject(outcome);
      else entry.resolve(outcome);
    });
    waiting = [...again, ...waiting];
  }

  const callersOf = (entries: Entry<T, R>[]): Set<string> => new Set(entries.map(({ item }) => callerOf(item)));

  async function write(batch: Entry<T, R>[]): Promise<void> {
    const started = process.hrtime.bigint();
    try {
      settle(batch, await attempt(batch));
      onBatch?.(batch.length, Number(process.hrtime.bigint() - started) / 1e9);
    } catch (error) {
      // Whoever waited behind a batch that failed as a whole has waited on the same database: they hear it now, not a deadline later.
      for (const entry of [...batch, ...waiting]) entry.reject(error);
      waiting = [];
    }
  }

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      await burst.gather(here());
      const batch = waiting.slice(0, cap);
      waiting = waiting.slice(cap);
      await write(batch);
      callers = callersOf(waiting);
      const written = callersOf(batch);
      burst.ended(written.union(before).union(callers).size);
      before = written;
    }
    running = false;
    for (const done of idlers.splice(0)) done();
  }

  return {
    add: (item) =>
      new Promise<R>((resolve, reject) => {
        waiting.push({ item, due: Date.now() + deadlineMs, resolve, reject });
        callers.add(callerOf(item));
        burst.came(here());
        if (!running) void run();
      }),
    idle: () => (running ? new Promise((resolve) => idlers.push(resolve)) : Promise.resolve()),
  };
}
