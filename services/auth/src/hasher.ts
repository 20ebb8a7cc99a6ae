// Owns: when bcrypt runs. Two at a time, so that the thread pool stays free for files and names; few may wait, and who would wait
// too long is told at once, not when the time is over. Its threads give way to everybody who answers requests.
// Guarantee: an unknown account costs the same as a known one.
import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { unavailable } from '@chatapi/kit';
import bcrypt from 'bcrypt';

export interface Hasher {
  hash(password: string): Promise<string>;
  /** `hash` undefined (no such account) is compared with a hash of nobody, and is false. */
  matches(password: string, hash: string | undefined): Promise<boolean>;
  /** Made at a lower cost than is set now. */
  isWeak(hash: string): boolean;
}

const AT_ONCE = 2;
/** The door gives up after 8 s: who waits longer than this would be answered too late. */
const MOST_WAIT_MS = 6500;
/** A ninth of a busy CPU against what runs at 0, all of an idle one. */
const NICE = 10;
/** Weight of the newest job in the mean. */
const NEWEST = 0.2;
/** bcrypt reads no further; longer passwords are refused when set, and can't be right at login. */
export const MAX_BYTES = 72;

interface Waiting {
  since: number;
  start: () => void;
  refuse: () => void;
}

/** Runs at most AT_ONCE jobs; the rest waits in order. How long a job takes is learnt from those that were done. */
function openLine(capacity: number, mostWaitMs: number): <T>(job: () => Promise<T>) => Promise<T> {
  const line: Waiting[] = [];
  let running = 0;
  let meanMs = 0;
  const busy = (): Error => unavailable('Password checking');
  const isFull = (): boolean => line.length >= capacity || ((line.length + 1) * meanMs) / AT_ONCE > mostWaitMs;

  const next = (): void => {
    running--;
    let first = line.shift();
    for (; first !== undefined && Date.now() - first.since > mostWaitMs; first = line.shift()) first.refuse();
    first?.start();
  };
  const turn = (): Promise<void> => {
    if (running < AT_ONCE) {
      running++;
      return Promise.resolve();
    }
    if (isFull()) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const start = (): void => {
        running++;
        resolve();
      };
      line.push({ since: Date.now(), start, refuse: () => reject(busy()) });
    });
  };
  return async (job) => {
    await turn();
    const began = performance.now();
    try {
      return await job();
    } finally {
      meanMs += NEWEST * (performance.now() - began - meanMs);
      next();
    }
  };
}

/** On Linux a thread has a priority of its own; elsewhere there is no such folder, and nothing is done. */
function lowerThreads(): void {
  const threads = globSync('/proc/self/task/*/comm').filter((path) =>
    readFileSync(path, 'utf8').startsWith('libuv-worker'),
  );
  for (const id of threads.map((path) => Number(path.split('/')[4]))) setPriority(id, Math.max(NICE, getPriority(id)));
}

export async function openHasher(cost: number, capacity: number, mostWaitMs = MOST_WAIT_MS): Promise<Hasher> {
  const inTurn = openLine(capacity, mostWaitMs);
  const nobody = await bcrypt.hash(randomBytes(32).toString('base64'), cost);
  // All of the pool's threads start with its first job.
  lowerThreads();
  return {
    hash: (password) => inTurn(() => bcrypt.hash(password, cost)),
    isWeak: (hash) => bcrypt.getRounds(hash) < cost,
    matches: (password, hash) =>
      inTurn(async () => {
        const same = await bcrypt.compare(password, hash ?? nobody);
        return same && hash !== undefined && Buffer.byteLength(password) <= MAX_BYTES;
      }),
  };
}
