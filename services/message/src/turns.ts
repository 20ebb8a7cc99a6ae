// Owns: one change at a time per room and instance. They would wait for each other at the room's row anyway, but there each holds a
// connection that other rooms need, and the sends of a busy room stand behind all of them.
import { unavailable } from '@chatapi/kit';

export type InTurn = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** Below the 3 s in which a caller must have an answer. */
const LONGEST_WAIT_MS = 2000;

/** @returns a function that runs works of one key one after the other. It throws SERVICE_UNAVAILABLE to who waited too long. */
export function openTurns(longestWaitMs = LONGEST_WAIT_MS): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = last.get(key);
    const due = Date.now() + longestWaitMs;
    const mine = (async () => {
      await before?.catch(() => undefined);
      if (Date.now() > due) throw unavailable('The room');
      return await work();
    })();
    last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  };
}
