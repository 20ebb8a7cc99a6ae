import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Pool } from 'undici';
import { BUSY_NAMES, PASSWORD } from '../fixture.ts';
import type { Person, Place, Result, Work } from '../workload.ts';
import type { LoginWorkerData } from './login-worker.ts';
import { ask } from './requests.ts';

const WARM_UP_MS = 1000;

/** Reads at a steady rate. Latency counts from the scheduled time, so that waiting is included. */
async function steadyReads(pool: Pool, { people }: Place, perSecond: number, seconds: number): Promise<number[]> {
  const headers = { authorization: `Bearer ${(people[0] as Person).token}` };
  const began = performance.now();
  return Promise.all(
    Array.from({ length: perSecond * seconds }, async (_, i) => {
      const due = began + (i * 1000) / perSecond;
      await sleep(Math.max(0, due - performance.now()));
      await ask(pool, { method: 'GET', path: '/users/me', headers }, 200);
      return performance.now() - due;
    }),
  );
}

interface Waiting {
  /** Sends the logins; resolves with the number that succeeded. */
  go(): Promise<number>;
}

function startLoginWorker(gateway: string, size: number): Waiting {
  if (size === 0) return { go: async () => 0 };
  const workerData: LoginWorkerData = { gateway, names: BUSY_NAMES.slice(0, size), password: PASSWORD };
  const thread = new Worker(new URL('./login-worker.ts', import.meta.url), { workerData });
  return {
    async go() {
      thread.postMessage('go');
      return (await once(thread, 'message'))[0] as number;
    },
  };
}

export async function loginsLoad(
  place: Place,
  { logins, perSecond, seconds }: Extract<Work, { kind: 'logins' }>,
  begin: () => Promise<void>,
): Promise<Result> {
  const gateway = place.gateway as string;
  const pool = new Pool(gateway, { connections: 64 });
  const worker = startLoginWorker(gateway, logins);
  try {
    await steadyReads(pool, place, perSecond, WARM_UP_MS / 1000);
    await begin();
    const began = performance.now();
    const [latencies, inside] = await Promise.all([steadyReads(pool, place, perSecond, seconds), worker.go()]);
    const ms = performance.now() - began;
    const note = logins === 0 ? undefined : `${inside} in, ${logins - inside} answered 503`;
    return { units: latencies.length, ms, latencies, note };
  } finally {
    await pool.close();
  }
}
