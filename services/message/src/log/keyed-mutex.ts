// One change at a time per key. Waiting for the room's row lock instead would hold a PostgreSQL
// connection per change and delay the sends of the room.
import { unavailable } from '@chatapi/kit';

export type KeyedMutex = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** Less than the 3 s in which a caller must get a response. */
const MAX_WAIT_MS = 2000;

/**
 * Work of one key runs in order. Work that waited for `maxWaitMs` fails with SERVICE_UNAVAILABLE.
 */
export function createKeyedMutex(maxWaitMs = MAX_WAIT_MS): KeyedMutex {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = last.get(key);
    const due = Date.now() + maxWaitMs;
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
