// `localStorage` that never throws: what it does not take is kept in the memory of this page.
import type { Logger } from './logger.ts';
import { localKeep } from './platform.ts';

/** What storage did not take, for all stores of the page; undefined: removed. */
const memory = new Map<string, string | undefined>();

export class SafeKeep {
  readonly #logger: Logger;
  #told = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get(key: string): string | undefined {
    if (memory.has(key)) return memory.get(key);
    return this.#guarded(() => localKeep().getItem(key) ?? undefined, undefined);
  }

  /** undefined removes it. */
  set(key: string, value: string | undefined): void {
    const stored = this.#guarded(() => {
      if (value === undefined) localKeep().removeItem(key);
      else localKeep().setItem(key, value);
      return true;
    }, false);
    if (stored) memory.delete(key);
    else memory.set(key, value);
  }

  keys(prefix: string): string[] {
    const stored = this.#guarded(() => {
      const keep = localKeep();
      return Array.from({ length: keep.length }, (_, i) => keep.key(i) as string);
    }, []);
    return [...new Set([...stored, ...memory.keys()])].filter((key) => key.startsWith(prefix));
  }

  #guarded<T>(use: () => T, otherwise: T): T {
    try {
      return use();
    } catch (error) {
      if (!this.#told) this.#logger.error('localStorage failed; going on in memory:', error);
      this.#told = true;
      return otherwise;
    }
  }
}
