// Batches items: while one batch is in flight, new items collect for the next.
import { createMicroBatch } from './micro-batch.ts';

export interface InFlightBatch<T> {
  push(item: T): void;
  /** A batch is in flight or about to be sent. */
  busy(): boolean;
  /** Resolves when all items that were pushed so far have been sent and answered. */
  passed(): Promise<void>;
}

const MAX_BATCH_ITEMS = 500;
const MAX_BATCH_BYTES = 2 * 1024 * 1024;

/**
 * @param send sends a batch; must not throw.
 * @param bytesOf the size of an item. A batch holds at least one item, at most 500 and about 2 MiB.
 */
export function createInFlightBatch<T>(
  send: (batch: T[]) => Promise<void>,
  bytesOf: (item: T) => number,
): InFlightBatch<T> {
  const microBatch = createMicroBatch();
  const waiting: T[] = [];
  let running = false;
  let pushed = 0;
  let done = 0;
  const passes: { after: number; resolve(): void }[] = [];

  function takeBatch(): T[] {
    let bytes = 0;
    let n = 0;
    while (n < waiting.length && n < MAX_BATCH_ITEMS && bytes < MAX_BATCH_BYTES) bytes += bytesOf(waiting[n++] as T);
    return waiting.splice(0, n);
  }

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      await microBatch.gather(waiting.length);
      const batch = takeBatch();
      await send(batch);
      done += batch.length;
      while (passes.length > 0 && (passes[0] as { after: number }).after <= done) passes.shift()?.resolve();
      microBatch.ended(batch.length + waiting.length);
    }
    running = false;
  }

  return {
    push(item) {
      waiting.push(item);
      pushed++;
      microBatch.came(waiting.length);
      if (!running) void run();
    },
    busy: () => running,
    passed: () =>
      done === pushed ? Promise.resolve() : new Promise((resolve) => void passes.push({ after: pushed, resolve })),
  };
}
