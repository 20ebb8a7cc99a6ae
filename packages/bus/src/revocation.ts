// Signal of new revocations. Source of truth: auth's table `revocations`, which gateways long-poll.
import type { Redis } from 'ioredis';

export const REVOCATIONS_CHANNEL = 'chatapi:revocations';

export interface Revocation {
  /** Ascending. Gateways ask auth for revocations after the last seq that they know. */
  seq: number;
  /**
   * - `session`: this session ended (4401).
   * - `user`: all sessions of the user from before `at` ended (4401).
   * - `ban`: as `user`, because the account is banned or deactivated (4403); `unban` lifts it.
   * - `role`: tokens issued before `at` contain an old role and must be refreshed.
   */
  kind: 'session' | 'user' | 'ban' | 'unban' | 'role';
  /** Session id for `session`, otherwise user id. */
  subject: string;
  at: string;
  /** For `ban`: the account is not banned, its application deactivated it. */
  reason?: 'deactivated';
  /** New role, for `role`. */
  role?: 'user' | 'moderator' | 'admin';
  /** For `user`: the session that stays open (password change, "end all others"). */
  except?: string;
}

export const publishRevocations = (redis: Redis, revocations: Revocation[]): Promise<number> =>
  redis.publish(REVOCATIONS_CHANNEL, JSON.stringify(revocations));
