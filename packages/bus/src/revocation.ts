// Owns: how the doors hear that a session or a user is out. The truth is auth's table `revocations`, read by `after`;
// the signal only makes it faster, and Redis' copy serves the doors' one round trip per request.
import type { Redis } from 'ioredis';

export const REVOCATIONS_CHANNEL = 'chatapi:revocations';

export interface Revocation {
  /** Grows; a door asks auth for what came after the last that it knows. */
  seq: number;
  /** `session`: this session is over (4401). `user`: all of the user's sessions before `at` (4401). `ban`: the same, banned (4403). `role`: tokens issued before `at` bear an old role, and must be refreshed by asking auth. `unban`: lifts `ban`. */
  kind: 'session' | 'user' | 'ban' | 'unban' | 'role';
  /** Session id for `session`, else user id. */
  subject: string;
  at: string;
  /** New role, for `role`. */
  role?: 'user' | 'moderator' | 'admin';
  /** Session that stays open, for `user` (password change, "end all others"). */
  except?: string;
}

export const publishRevocations = (redis: Redis, revocations: Revocation[]): Promise<number> =>
  redis.publish(REVOCATIONS_CHANNEL, JSON.stringify(revocations));
