// Waits up to 3 ms for the senders of the last batch to send again: one larger batch costs half of
// two small ones. Does not wait when the last batch ended more than 25 ms ago.
import { setImmediate as turn } from 'node:timers/promises';

export interface MicroBatch {
  /**
   * Resolves when `here` reaches the size of the last batch, or after 3 ms. Resolves after one turn
   * of the event loop when the last batch ended more than 25 ms ago.
   */
  gather(here: number): Promise<void>;
  /** An item arrived; `here` are waiting now. */
  came(here: number): void;
  /** @param there the number of items in the batch plus those that arrived meanwhile. */
  ended(there: number): void;
}

const GATHER_MS = 3;
const RECENT_MS = 25;

export function createMicroBatch(): MicroBatch {
  let endedAt = 0;
  let expected = 0;
  let release: (() => void) | undefined;
  return {
    async gather(here) {
      if (here >= expected || performance.now() - endedAt >= RECENT_MS) return await turn();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, GATHER_MS);
        release = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      release = undefined;
    },
    came(here) {
      if (here >= expected) release?.();
    },
    ended(there) {
      endedAt = performance.now();
      expected = there;
    },
  };
}
