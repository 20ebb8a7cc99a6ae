// Owns: when bcrypt runs: on threads that give way to auth's own answers, and never on every core, so that somebody else's request
// always finds one. Guarantee: an unknown account costs the same as a known one.
import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { availableParallelism, getPriority, setPriority } from 'node:os';
import { unavailable } from '@chatapi/kit';
import bcrypt from 'bcrypt';
import { type InTurn, openLine } from './line.ts';

export interface Hasher {
  /** Around all that belongs to a question of this, statements too: a crowd costs nothing but its places in the line. */
  inTurn: InTurn;
  hash(password: string): Promise<string>;
  /** `hash` undefined (no such account) is compared with a hash of nobody, and is false. */
  matches(password: string, hash: string | undefined): Promise<boolean>;
  /** Made at a lower cost than is set now. */
  isWeak(hash: string): boolean;
}

/** Two leave half of the thread pool to names and files; of two cores one stays free. */
const AT_ONCE = Math.min(2, Math.max(1, availableParallelism() - 1));
/** The door gives up after 8 s: who waits longer than this would be answered too late. */
const MOST_WAIT_MS = 6500;
/** A ninth of a busy CPU against what runs at 0, all of an idle one. */
const NICE = 10;
/** bcrypt reads no further; longer passwords are refused when set, and can't be right at login. */
export const MAX_BYTES = 72;

/** On Linux a thread has a priority of its own; elsewhere there is no such folder, and nothing is done. */
function lowerThreads(): void {
  const threads = globSync('/proc/self/task/*/comm').filter((path) =>
    readFileSync(path, 'utf8').startsWith('libuv-worker'),
  );
  for (const id of threads.map((path) => Number(path.split('/')[4]))) setPriority(id, Math.max(NICE, getPriority(id)));
}

export async function openHasher(cost: number, capacity: number, mostWaitMs = MOST_WAIT_MS): Promise<Hasher> {
  const nobody = await bcrypt.hash(randomBytes(32).toString('base64'), cost);
  // All of the pool's threads start with its first job.
  lowerThreads();
  return {
    inTurn: openLine({ atOnce: AT_ONCE, capacity, mostWaitMs, busy: () => unavailable('Password checking') }),
    hash: (password) => bcrypt.hash(password, cost),
    isWeak: (hash) => bcrypt.getRounds(hash) < cost,
    async matches(password, hash) {
      const same = await bcrypt.compare(password, hash ?? nobody);
      return same && hash !== undefined && Buffer.byteLength(password) <= MAX_BYTES;
    },
  };
}
