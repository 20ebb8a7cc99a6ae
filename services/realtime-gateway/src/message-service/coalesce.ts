// Merges requests: those that arrive while a call is in flight share the next call. A single
// request does not wait.
import { setImmediate } from 'node:timers';

/** After this time a call in flight no longer delays the next one. */
const MAX_DELAY_MS = 20;
/** Minimum time between calls while requests wait, so that each call carries more of them. */
const MIN_INTERVAL_MS = 12;

interface Entry<K, V> {
  key: K;
  resolve(value: V): void;
  reject(error: unknown): void;
}

/** @param call gets up to `max` keys, answers in their order, and rejects for all of them. */
export function coalesce<K, V>(call: (keys: K[]) => Promise<V[]>, max = 100): (key: K) => Promise<V> {
  const waiting: Entry<K, V>[] = [];
  let busy = false;

  async function run(): Promise<void> {
    const batch = waiting.splice(0, max);
    const startedAt = performance.now();
    let started = false;
    const startNext = (): void => {
      if (started) return;
      started = true;
      busy = waiting.length > 0;
      if (busy) setTimeout(() => void run(), Math.max(0, startedAt + MIN_INTERVAL_MS - performance.now()));
    };
    const timer = setTimeout(startNext, MAX_DELAY_MS);
    try {
      const values = await call(batch.map(({ key }) => key));
      batch.forEach(({ resolve }, i) => resolve(values[i] as V));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      clearTimeout(timer);
      startNext();
    }
  }

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject });
      if (busy) return;
      busy = true;
      setImmediate(() => void run());
    });
}
