// Long poll of revocations. One poll of the table every 500 ms serves all waiting gateways, so they
// get a commit of any instance within half a second.
import type { Revocation } from '@chatapi/bus';
import { every } from '@chatapi/kit';
import type { PipelinedPool } from '@chatapi/kit/data';
import { revocationsAfter } from './revocation-store.ts';

export interface RevocationFeed {
  /**
   * Revocations after `seq`, in order, at most one page. With `waitMs` 0 it answers at once; else
   * as soon as there are any, or with none at the last poll before `waitMs` ends.
   * @throws the error of the database.
   */
  after(seq: number, waitMs: number): Promise<Revocation[]>;
  /** Answers all waiting calls. From now on none waits: the instance shuts down. */
  release(): void;
  close(): Promise<void>;
}

interface Waiter {
  seq: number;
  /** By `performance.now()`. */
  until: number;
  resolve(found: Revocation[]): void;
  reject(error: unknown): void;
}

const POLL_MS = 500;
const PAGE = 10_000;

export function createRevocationFeed(reads: PipelinedPool): RevocationFeed {
  const waiting = new Set<Waiter>();
  let stopping = false;

  function answer(waiter: Waiter, found: Revocation[]): void {
    const news = found.filter(({ seq }) => seq > waiter.seq);
    if (news.length === 0 && performance.now() + POLL_MS < waiter.until && !stopping) return;
    waiting.delete(waiter);
    waiter.resolve(news);
  }

  function refuse(waiters: Waiter[], error: unknown): void {
    for (const waiter of waiters) if (waiting.delete(waiter)) waiter.reject(error);
  }

  async function poll(): Promise<void> {
    // A call that arrives during the query may need older rows than it reads.
    const waiters = [...waiting];
    if (waiters.length === 0) return;
    try {
      const found = await revocationsAfter(reads, Math.min(...waiters.map(({ seq }) => seq)), PAGE);
      for (const waiter of waiters) answer(waiter, found);
    } catch (error) {
      refuse(waiters, error);
    }
  }
  const polls = every(POLL_MS, poll, () => undefined);

  return {
    after(seq, waitMs) {
      if (waitMs === 0 || stopping) return revocationsAfter(reads, seq, PAGE);
      return new Promise((resolve, reject) => {
        waiting.add({ seq, until: performance.now() + waitMs, resolve, reject });
      });
    },
    release() {
      stopping = true;
      for (const waiter of waiting) answer(waiter, []);
    },
    close: polls.close,
  };
}
