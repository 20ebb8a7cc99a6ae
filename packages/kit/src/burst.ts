// Owns: waiting for the rest of a burst, for all that work in batches. Who has just been answered is likely to speak again, but in
// pieces: a batch for the first piece and one for the rest cost twice what one for both does.
// Guarantee: nobody waits longer than 3 ms, and nobody waits where no batch has ended for 25.
import { setImmediate as turn } from 'node:timers/promises';

export interface Burst {
  /** Resolves when as many are `here` as when the last batch ended, or after 3 ms; after one turn where that was long ago. */
  gather(here: number): Promise<void>;
  /** Somebody came: so many are `here` now. */
  came(here: number): void;
  /** @param there how many the batch has answered, and how many came meanwhile. */
  ended(there: number): void;
}

const GATHER_MS = 3;
const JUST_MS = 25;

export function openBurst(): Burst {
  let endedAt = 0;
  let enough = 0;
  let begin: (() => void) | undefined;
  return {
    async gather(here) {
      if (here >= enough || performance.now() - endedAt >= JUST_MS) return await turn();
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, GATHER_MS);
        begin = () => {
          clearTimeout(late);
          resolve();
        };
      });
      begin = undefined;
    },
    came(here) {
      if (here >= enough) begin?.();
    },
    ended(there) {
      endedAt = performance.now();
      enough = there;
    },
  };
}
