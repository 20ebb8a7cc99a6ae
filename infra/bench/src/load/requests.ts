// A closed loop of HTTP requests: each client sends its next one after the response.
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import type { Result } from '../workload.ts';

export interface Asked {
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string>;
  body?: string;
}

const WARM_UP_MS = 1000;

/** @throws Error when the response does not have the `expected` status. */
export async function ask(pool: Pool, asked: Asked, expected: number): Promise<void> {
  const { statusCode, body } = await pool.request(asked);
  await body.dump({ limit: Number.MAX_SAFE_INTEGER });
  if (statusCode !== expected) throw new Error(`${asked.method} ${asked.path} answered ${statusCode}`);
}

interface Loop {
  url: string;
  parallel: number;
  expected: number;
  /** The request of client i. */
  asked: (i: number) => Asked;
  /** When to end: after a number of requests or seconds. */
  until: { requests: number } | { seconds: number };
}

export async function closedLoop(loop: Loop, begin: () => Promise<void>): Promise<Result> {
  const pool = new Pool(loop.url, { connections: loop.parallel });
  const latencies: number[] = [];
  let running = true;
  let full: () => void = () => undefined;
  const most = 'requests' in loop.until ? loop.until.requests : Number.POSITIVE_INFINITY;
  const one = async (i: number): Promise<void> => {
    const asked = loop.asked(i);
    while (running) {
      const sent = performance.now();
      await ask(pool, asked, loop.expected);
      latencies.push(performance.now() - sent);
      if (latencies.length === most) full();
    }
  };
  const all = Promise.all(Array.from({ length: loop.parallel }, (_, i) => one(i)));
  const measured = async (): Promise<Result> => {
    await sleep(WARM_UP_MS);
    await begin();
    latencies.length = 0;
    const enough = new Promise<void>((resolve) => {
      full = resolve;
    });
    const began = performance.now();
    await ('seconds' in loop.until ? sleep(loop.until.seconds * 1000) : enough);
    return { units: latencies.length, ms: performance.now() - began, latencies: [...latencies] };
  };
  try {
    return await Promise.race([measured(), all.then(() => Promise.reject(new Error('the clients ended')))]);
  } finally {
    running = false;
    await all.catch(() => undefined);
    await pool.close();
  }
}
