// Owns: doors that wait for what ends next. However many they are, the table is looked at twice a second for all of them.
// Guarantee: who waits hears of a commit within half a second, whichever instance's it was.
import type { Revocation } from '@chatapi/bus';
import { every, type Pipes } from '@chatapi/kit';
import { revocationsAfter } from './revocation-store.ts';

export interface RevocationFeed {
  /**
   * What came after `seq`, in order, a page at most. With `waitMs` 0 what there is at once; else as soon as there is any, or none
   * at the last look within that time: who asked has only so much patience. @throws what the database throws.
   */
  after(seq: number, waitMs: number): Promise<Revocation[]>;
  /** Nobody waits any more: the instance is about to go. */
  release(): void;
  close(): Promise<void>;
}

interface Waiting {
  seq: number;
  /** By `performance.now()`. */
  until: number;
  resolve(found: Revocation[]): void;
  reject(error: unknown): void;
}

const LOOK_MS = 500;
const PAGE = 10_000;

export function openRevocationFeed(reads: Pipes): RevocationFeed {
  const waiting = new Set<Waiting>();
  let leaving = false;

  function answer(one: Waiting, found: Revocation[]): void {
    const news = found.filter(({ seq }) => seq > one.seq);
    if (news.length === 0 && performance.now() + LOOK_MS < one.until && !leaving) return;
    waiting.delete(one);
    one.resolve(news);
  }

  function refuse(asked: Waiting[], error: unknown): void {
    for (const one of asked) if (waiting.delete(one)) one.reject(error);
  }

  async function look(): Promise<void> {
    // Those who come while the answer is under way may know less than who was asked for.
    const asked = [...waiting];
    if (asked.length === 0) return;
    try {
      const found = await revocationsAfter(reads, Math.min(...asked.map(({ seq }) => seq)), PAGE);
      for (const one of asked) answer(one, found);
    } catch (error) {
      refuse(asked, error);
    }
  }
  const looks = every(LOOK_MS, look, () => undefined);

  return {
    after(seq, waitMs) {
      if (waitMs === 0 || leaving) return revocationsAfter(reads, seq, PAGE);
      return new Promise((resolve, reject) => {
        waiting.add({ seq, until: performance.now() + waitMs, resolve, reject });
      });
    },
    release() {
      leaving = true;
      for (const one of waiting) answer(one, []);
    },
    close: looks.close,
  };
}
