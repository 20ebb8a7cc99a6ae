// Owns: counting against a limit, exactly, over all instances: one script, one round trip. A window starts with its first
// use and ends as a whole; what is refused is not counted. Without Redis each instance goes on from what it last knew.

import { AppError } from './errors.ts';
import type { Log } from './log.ts';
import type { Redis } from './redis.ts';

export interface LimitResult {
  allowed: boolean;
  /** 0: the limit is off. */
  limit: number;
  remaining: number;
  /** Unix seconds at which all of the limit is there again. */
  reset: number;
  /** Whole seconds, at least 1 when refused. */
  retry_after_s: number;
}

export interface Limiter {
  take(key: string, limit: number, windowSeconds: number, cost?: number): Promise<LimitResult>;
  /** What `take` would find, without taking. */
  peek(key: string, limit: number, windowSeconds: number): Promise<LimitResult>;
}

// KEYS: counter. ARGV: limit, window in ms, cost. → allowed, used, end of the window and now by Redis' own clock, in ms.
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

const OFF: LimitResult = { allowed: true, limit: 0, remaining: 0, reset: 0, retry_after_s: 0 };
const KNOWN_KEYS = 50_000;
const PAUSE_MS = 1000;

interface Window {
  used: number;
  ends: number;
}

function result(allowed: boolean, limit: number, { used, ends }: Window, now: number): LimitResult {
  const retry_after_s = allowed ? 0 : Math.max(1, Math.ceil((ends - now) / 1000));
  return { allowed, limit, remaining: Math.max(0, limit - used), reset: Math.ceil(ends / 1000), retry_after_s };
}

/** The last known windows: what is counted on while Redis is away. */
function openMemory(): {
  note(key: string, window: Window): void;
  take(key: string, limit: number, windowMs: number, cost: number): LimitResult;
} {
  const windows = new Map<string, Window>();
  const note = (key: string, window: Window): void => {
    if (windows.size >= KNOWN_KEYS && !windows.has(key)) windows.delete(windows.keys().next().value as string);
    windows.set(key, window);
  };
  return {
    note,
    take(key, limit, windowMs, cost) {
      const now = Date.now();
      const known = windows.get(key);
      const window = known !== undefined && known.ends > now ? known : { used: 0, ends: now + windowMs };
      const allowed = window.used + cost <= limit;
      if (allowed && cost > 0) {
        window.used += cost;
        note(key, window);
      }
      return result(allowed, limit, window, now);
    },
  };
}

type Scripted = Redis & {
  chatapiTake(key: string, limit: number, windowMs: number, cost: number): Promise<[number, number, number, number]>;
};

export function openLimiter(redis: Redis, log: Log): Limiter {
  redis.defineCommand('chatapiTake', { numberOfKeys: 1, lua: TAKE });
  const scripted = redis as Scripted;
  const memory = openMemory();
  // A frozen Redis would cost every request its whole time-out: after one failure it is left alone for a second.
  let pausedUntil = 0;

  async function count(key: string, limit: number, windowSeconds: number, cost: number): Promise<LimitResult> {
    if (limit === 0) return OFF;
    const windowMs = windowSeconds * 1000;
    if (Date.now() < pausedUntil) return memory.take(key, limit, windowMs, cost);
    try {
      const [allowed, used, ends, now] = await scripted.chatapiTake(`chatapi:limit:${key}`, limit, windowMs, cost);
      memory.note(key, { used, ends });
      return result(allowed === 1, limit, { used, ends }, now);
    } catch (err) {
      pausedUntil = Date.now() + PAUSE_MS;
      log.debug({ err: (err as Error).message }, 'limits are counted in memory');
      return memory.take(key, limit, windowMs, cost);
    }
  }

  return {
    take: (key, limit, windowSeconds, cost = 1) => count(key, limit, windowSeconds, cost),
    peek: (key, limit, windowSeconds) => count(key, limit, windowSeconds, 0),
  };
}

/** The three headers; none for a limit that is off. */
export const limitHeaders = ({ limit, remaining, reset }: LimitResult): Record<string, string> =>
  limit === 0
    ? {}
    : {
        'X-RateLimit-Limit': String(limit),
        'X-RateLimit-Remaining': String(remaining),
        'X-RateLimit-Reset': String(reset),
      };

/** RATE_LIMIT_EXCEEDED with its headers and Retry-After. */
export const limitExceeded = (found: LimitResult, message: string): AppError =>
  new AppError('RATE_LIMIT_EXCEEDED', message, {
    headers: { ...limitHeaders(found), 'Retry-After': String(found.retry_after_s) },
    details: { limit: found.limit, reset: found.reset, retry_after_s: found.retry_after_s },
  });
