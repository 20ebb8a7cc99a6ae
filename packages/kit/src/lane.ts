// Owns: how what comes one by one travels in batches: one batch under way, what comes meanwhile is the next.
// Does not own: where a batch goes, nor what becomes of its items.
import { openBurst } from './burst.ts';

export interface Lane<T> {
  push(item: T): void;
  /** A batch is under way or about to be. */
  busy(): boolean;
}

const MOST_A_BATCH = 500;
const BYTES_A_BATCH = 2 * 1024 * 1024;

/** @param carry must not throw. @param bytesOf how much of a batch's 2 MiB an item takes; 500 items at most, and one at least. */
export function openLane<T>(carry: (batch: T[]) => Promise<void>, bytesOf: (item: T) => number): Lane<T> {
  const burst = openBurst();
  const waiting: T[] = [];
  let running = false;

  function takeBatch(): T[] {
    let bytes = 0;
    let n = 0;
    while (n < waiting.length && n < MOST_A_BATCH && bytes < BYTES_A_BATCH) bytes += bytesOf(waiting[n++] as T);
    return waiting.splice(0, n);
  }

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      await burst.gather(waiting.length);
      const batch = takeBatch();
      await carry(batch);
      burst.ended(batch.length + waiting.length);
    }
    running = false;
  }

  return {
    push(item) {
      waiting.push(item);
      burst.came(waiting.length);
      if (!running) void run();
    },
    busy: () => running,
  };
}
