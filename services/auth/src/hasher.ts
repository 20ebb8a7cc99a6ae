// Owns: what may be asked of bcrypt, and how much of it at once. Does not own: where it runs (hashing.ts).
// Guarantee: an unknown account costs the same as a known one.
import { randomBytes } from 'node:crypto';
import { unavailable } from '@chatapi/kit';
import { getRounds } from 'bcrypt';
import { openHashing } from './hashing.ts';
import { type InTurn, openLine } from './line.ts';

export interface Hasher {
  /** Around all that belongs to a question of this, statements too: a crowd costs nothing but its places in the line. */
  inTurn: InTurn;
  hash(password: string): Promise<string>;
  /** `hash` undefined (no such account) is compared with a hash of nobody, and is false. */
  matches(password: string, hash: string | undefined): Promise<boolean>;
  /** Made at a lower cost than is set now. */
  isWeak(hash: string): boolean;
  close(): void;
}

const AT_ONCE = 2;
/** The door gives up after 8 s: who waits longer than this would be answered too late. */
const MOST_WAIT_MS = 6500;
/** bcrypt reads no further; longer passwords are refused when set, and can't be right at login. */
export const MAX_BYTES = 72;

export async function openHasher(cost: number, capacity: number, mostWaitMs = MOST_WAIT_MS): Promise<Hasher> {
  const bcrypt = openHashing();
  const nobody = await bcrypt.hash(randomBytes(32).toString('base64'), cost);
  return {
    inTurn: openLine({ atOnce: AT_ONCE, capacity, mostWaitMs, busy: () => unavailable('Password checking') }),
    hash: (password) => bcrypt.hash(password, cost),
    isWeak: (hash) => getRounds(hash) < cost,
    async matches(password, hash) {
      const same = await bcrypt.compare(password, hash ?? nobody);
      return same && hash !== undefined && Buffer.byteLength(password) <= MAX_BYTES;
    },
    close: bcrypt.close,
  };
}
