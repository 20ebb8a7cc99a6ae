// bcrypt on threads of low priority, and never on every core, so that hashing does not delay other
// requests. A login to an unknown account costs the same as one to a known account.
import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { availableParallelism, getPriority, setPriority } from 'node:os';
import { unavailable } from '@chatapi/kit';
import bcrypt from 'bcrypt';
import { createSemaphore, type Semaphore } from './semaphore.ts';

export interface Hasher {
  /**
   * Runs a job when a slot is free. Wrap the SQL statements that belong to the password check too:
   * queued requests then hold no connections. @throws SERVICE_UNAVAILABLE when the queue is full.
   */
  withSlot: Semaphore;
  hash(password: string): Promise<string>;
  /** Without `hash` (no such account) it compares with a dummy hash and returns false. */
  matches(password: string, hash: string | undefined): Promise<boolean>;
  /** Whether the hash has a lower cost than the current setting. */
  isWeak(hash: string): boolean;
}

/** Two leave half of libuv's four threads to DNS and files. On two cores, one core stays free. */
const MAX_RUNNING = Math.min(2, Math.max(1, availableParallelism() - 1));
/** The gateway times out after 8 s: a request that waits longer would be answered too late. */
const MAX_WAIT_MS = 6500;
/** About a ninth of a busy CPU against threads at nice 0; all of an idle one. */
const NICE = 10;
/** bcrypt ignores later bytes. Longer passwords are refused when set and never match at login. */
export const MAX_PASSWORD_BYTES = 72;

/** Only Linux has a priority per thread. Elsewhere the glob finds nothing. */
function lowerThreads(): void {
  const threads = globSync('/proc/self/task/*/comm').filter((path) =>
    readFileSync(path, 'utf8').startsWith('libuv-worker'),
  );
  for (const id of threads.map((path) => Number(path.split('/')[4]))) setPriority(id, Math.max(NICE, getPriority(id)));
}

export async function createHasher(cost: number, maxWaiting: number, maxWaitMs = MAX_WAIT_MS): Promise<Hasher> {
  const dummyHash = await bcrypt.hash(randomBytes(32).toString('base64'), cost);
  // libuv starts all threads of the pool with the first job, which was the hash above.
  lowerThreads();
  return {
    withSlot: createSemaphore({
      maxRunning: MAX_RUNNING,
      maxWaiting,
      maxWaitMs,
      refusal: () => unavailable('Password checking'),
    }),
    hash: (password) => bcrypt.hash(password, cost),
    isWeak: (hash) => bcrypt.getRounds(hash) < cost,
    async matches(password, hash) {
      const same = await bcrypt.compare(password, hash ?? dummyHash);
      return same && hash !== undefined && Buffer.byteLength(password) <= MAX_PASSWORD_BYTES;
    },
  };
}
