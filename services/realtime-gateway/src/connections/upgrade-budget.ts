// Limits upgrades per user and per address and minute, over all nodes. Counted here, since clients
// may connect with or without the API gateway, which forwards the client's address.
import { addressKey, limitExceeded, type RateLimiter, type RateLimitResult } from '@chatapi/kit/auth';
import { LRUCache } from 'lru-cache';

const MINUTE_S = 60;
/** Several users may share an address. */
const USERS_PER_ADDRESS = 5;
const MAX_REMEMBERED = 10_000;

export interface UpgradeBudget {
  /** @throws AppError RATE_LIMIT_EXCEEDED */
  ofUser(userId: string): Promise<void>;
  /** @throws AppError RATE_LIMIT_EXCEEDED */
  ofAddress(ip: string): Promise<void>;
}

export function createUpgradeBudget(limiter: Pick<RateLimiter, 'take'>, limit: number): UpgradeBudget {
  /** Refusals are remembered until the reset, so that they cost no round trip. */
  const refused = new LRUCache<string, { result: RateLimitResult; until: number }>({ max: MAX_REMEMBERED });
  const tooMany = (result: RateLimitResult) =>
    limitExceeded(result, 'Too many connections: wait for the limit to reset');

  async function take(key: string, max: number): Promise<void> {
    const refusal = refused.get(key);
    const left = refusal === undefined ? 0 : Math.ceil((refusal.until - Date.now()) / 1000);
    if (refusal !== undefined && left > 0) throw tooMany({ ...refusal.result, retry_after_s: left });
    refused.delete(key);
    const result = await limiter.take(key, max, MINUTE_S);
    if (result.allowed) return;
    refused.set(key, { result, until: Date.now() + result.retry_after_s * 1000 });
    throw tooMany(result);
  }

  const off = async (): Promise<void> => undefined;
  if (limit === 0) return { ofUser: off, ofAddress: off };
  return {
    ofUser: (userId) => take(`upgrades:${userId}`, limit),
    ofAddress: (ip) => take(`upgrades:address:${addressKey(ip)}`, limit * USERS_PER_ADDRESS),
  };
}
