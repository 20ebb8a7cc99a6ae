// Owns: asking for many in one call. While a call is under way, whoever comes is in the next: the more come, the less each costs,
// and nobody waits when nobody else does.
import { setImmediate } from 'node:timers';

/** A call that takes longer holds up only those who are in it. */
const PATIENCE_MS = 20;
/** While some wait for the next call, calls begin no sooner after each other: quicker ones would carry fewer, each at the price of many. */
const APART_MS = 12;

interface Entry<K, V> {
  key: K;
  resolve(value: V): void;
  reject(error: unknown): void;
}

/** @param ask answers in the order of its keys, of which there are at most `most`; what it throws, each of them gets. */
export function gathered<K, V>(ask: (keys: K[]) => Promise<V[]>, most = 100): (key: K) => Promise<V> {
  const waiting: Entry<K, V>[] = [];
  let busy = false;

  async function run(): Promise<void> {
    const batch = waiting.splice(0, most);
    const began = performance.now();
    let passed = false;
    const passOn = (): void => {
      if (passed) return;
      passed = true;
      busy = waiting.length > 0;
      if (busy) setTimeout(() => void run(), Math.max(0, began + APART_MS - performance.now()));
    };
    const late = setTimeout(passOn, PATIENCE_MS);
    try {
      const values = await ask(batch.map(({ key }) => key));
      batch.forEach(({ resolve }, i) => resolve(values[i] as V));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      clearTimeout(late);
      passOn();
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
