// Exact rate limits over all instances, in one Redis round trip. A window starts with its first
// use; refused requests do not count. Without Redis each instance counts on in memory.

import { LRUCache } from 'lru-cache';
import type { Redis } from '../data/redis.ts';
import { AppError } from '../errors.ts';
import type { Log } from '../log.ts';

export interface RateLimitResult {
  allowed: boolean;
  /** 0: the limit is off. */
  limit: number;
  remaining: number;
  /** Unix time in seconds at which the full limit is available again. */
  reset: number;
  /** In seconds; at least 1 when refused, else 0. */
  retry_after_s: number;
}

export interface RateLimiter {
  take(key: string, limit: number, windowSeconds: number, cost?: number): Promise<RateLimitResult>;
  /** The result of `take` without counting. */
  peek(key: string, limit: number, windowSeconds: number): Promise<RateLimitResult>;
  /** How many results came from this process's memory, without Redis. */
  inMemory(): number;
}

// KEYS: counter. ARGV: limit, window in ms, cost. Returns: allowed, used, end of the window and
// current time by Redis' clock, in ms.
const TAKE = `
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
local cost = tonumber(ARGV[3])
local allowed = 0
if used + cost <= tonumber(ARGV[1]) then
  allowed = 1
  if cost > 0 then
    local first = used == 0
    used = redis.call('INCRBY', KEYS[1], cost)
    if first then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
  end
end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local ends = redis.call('PEXPIRETIME', KEYS[1])
if ends < 0 then ends = now + ARGV[2] end
return { allowed, used, ends, now }`;

const OFF: RateLimitResult = { allowed: true, limit: 0, remaining: 0, reset: 0, retry_after_s: 0 };
const MAX_REMEMBERED_KEYS = 50_000;
const REDIS_PAUSE_MS = 1000;

interface Window {
  used: number;
  ends: number;
}

function result(allowed: boolean, limit: number, { used, ends }: Window, now: number): RateLimitResult {
  const retry_after_s = allowed ? 0 : Math.max(1, Math.ceil((ends - now) / 1000));
  return { allowed, limit, remaining: Math.max(0, limit - used), reset: Math.ceil(ends / 1000), retry_after_s };
}

/** The last known windows, used while Redis is unavailable. */
function createMemoryWindows(): {
  note(key: string, window: Window): void;
  take(key: string, limit: number, windowMs: number, cost: number): RateLimitResult;
} {
  const windows = new LRUCache<string, Window>({ max: MAX_REMEMBERED_KEYS });
  return {
    note: (key, window) => void windows.set(key, window),
    take(key, limit, windowMs, cost) {
      const now = Date.now();
      const known = windows.get(key);
      const window = known !== undefined && known.ends > now ? known : { used: 0, ends: now + windowMs };
      const allowed = window.used + cost <= limit;
      if (allowed && cost > 0) {
        window.used += cost;
        windows.set(key, window);
      }
      return result(allowed, limit, window, now);
    },
  };
}

type Scripted = Redis & {
  chatapiTake(key: string, limit: number, windowMs: number, cost: number): Promise<[number, number, number, number]>;
};

export function createRateLimiter(redis: Redis, log: Log): RateLimiter {
  redis.defineCommand('chatapiTake', { numberOfKeys: 1, lua: TAKE });
  const scripted = redis as Scripted;
  const memory = createMemoryWindows();
  // A frozen Redis would delay every request by the command timeout, so it is skipped for 1 s after
  // a failure.
  let pausedUntil = 0;
  let inMemory = 0;
  const takeFromMemory: typeof memory.take = (...args) => {
    inMemory++;
    return memory.take(...args);
  };

  async function count(key: string, limit: number, windowSeconds: number, cost: number): Promise<RateLimitResult> {
    if (limit === 0) return OFF;
    const windowMs = windowSeconds * 1000;
    if (Date.now() < pausedUntil) return takeFromMemory(key, limit, windowMs, cost);
    try {
      const [allowed, used, ends, now] = await scripted.chatapiTake(`chatapi:limit:${key}`, limit, windowMs, cost);
      memory.note(key, { used, ends });
      return result(allowed === 1, limit, { used, ends }, now);
    } catch (err) {
      pausedUntil = Date.now() + REDIS_PAUSE_MS;
      log.debug({ err: (err as Error).message }, 'rate limits are counted in memory');
      return takeFromMemory(key, limit, windowMs, cost);
    }
  }

  return {
    take: (key, limit, windowSeconds, cost = 1) => count(key, limit, windowSeconds, cost),
    peek: (key, limit, windowSeconds) => count(key, limit, windowSeconds, 0),
    inMemory: () => inMemory,
  };
}

/** The X-RateLimit headers; none for a limit that is off. */
export const limitHeaders = ({ limit, remaining, reset }: RateLimitResult): Record<string, string> =>
  limit === 0
    ? {}
    : {
        'X-RateLimit-Limit': String(limit),
        'X-RateLimit-Remaining': String(remaining),
        'X-RateLimit-Reset': String(reset),
      };

/** RATE_LIMIT_EXCEEDED with its headers and Retry-After. */
export const limitExceeded = (found: RateLimitResult, message: string): AppError =>
  new AppError('RATE_LIMIT_EXCEEDED', message, {
    headers: { ...limitHeaders(found), 'Retry-After': String(found.retry_after_s) },
    details: { limit: found.limit, reset: found.reset, retry_after_s: found.retry_after_s },
  });
