// Owns: how many wrong passwords an account takes: 5 from one address → 429, 10 from anywhere → 423, exact over all instances.
// A try takes its place before the password is looked at and gives it back if that was right. While tries under way could
// still use up the rest, the next one waits for them: so no guess goes through unseen, and nobody right is refused for others.
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, newId, unavailable } from '@chatapi/kit';
import type { Context } from './context.ts';
import { clearFailures, count, insertLock, insertTry, lockKey, markFailed, removeTry } from './login-limit-store.ts';

export const WINDOW_S = 15 * 60;
const LEASE_S = 20;
const MOST_WAIT_MS = 5000;

/** Lockout never comes before the limit per address has been met twice, nor before ten. */
const lockoutAt = (limit: number): number => Math.max(10, 2 * limit);

type Ctx = Pick<Context, 'config' | 'db'>;

export interface Try {
  /** The password was right, or could not be looked at: the try leaves no trace. */
  release(): Promise<void>;
  /** Counts it; the one that reaches the lockout locks the account. */
  fail(): Promise<void>;
}

const locked = (seconds: number): AppError =>
  new AppError('ACCOUNT_LOCKED', 'Too many failed logins on this account', {
    details: { retry_after_s: seconds },
    headers: { 'Retry-After': String(seconds) },
  });

function limited(limit: number, seconds: number): AppError {
  const reset = Math.ceil(Date.now() / 1000) + seconds;
  return new AppError('RATE_LIMIT_EXCEEDED', 'Too many failed logins from this address', {
    details: { retry_after_s: seconds },
    headers: {
      'Retry-After': String(seconds),
      'X-RateLimit-Limit': String(limit),
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': String(reset),
    },
  });
}

/** @returns whether a place was free. @throws ACCOUNT_LOCKED, RATE_LIMIT_EXCEEDED */
function takePlace(ctx: Ctx, tryId: string, accountKey: string, ip: string): Promise<boolean> {
  const limit = ctx.config.RATE_LIMIT_LOGIN;
  return ctx.db.transaction(async (trx) => {
    await lockKey(trx, accountKey);
    const now = await count(trx, { accountKey, ip, windowS: WINDOW_S, leaseS: LEASE_S });
    if (now.locked_s > 0) throw locked(now.locked_s);
    if (now.failed_here >= limit) throw limited(limit, Math.max(1, now.oldest_here_s));
    const free = now.failed_here + now.under_way_here < limit && now.failed + now.under_way < lockoutAt(limit);
    if (free) await insertTry(trx, tryId, accountKey, ip);
    return free;
  });
}

async function fail(ctx: Ctx, tryId: string, accountKey: string, ip: string): Promise<void> {
  await ctx.db.transaction(async (trx) => {
    await lockKey(trx, accountKey);
    await markFailed(trx, tryId);
    const { failed } = await count(trx, { accountKey, ip, windowS: WINDOW_S, leaseS: LEASE_S });
    if (failed >= lockoutAt(ctx.config.RATE_LIMIT_LOGIN)) await insertLock(trx, accountKey, WINDOW_S);
  });
}

const FREE: Try = { release: async () => undefined, fail: async () => undefined };

/** @throws ACCOUNT_LOCKED, RATE_LIMIT_EXCEEDED; SERVICE_UNAVAILABLE when tries under way kept every place for 5 s. */
export async function beginTry(ctx: Ctx, accountKey: string, ip: string): Promise<Try> {
  if (ctx.config.RATE_LIMIT_LOGIN === 0) return FREE;
  const tryId = newId('req');
  for (const end = Date.now() + MOST_WAIT_MS; !(await takePlace(ctx, tryId, accountKey, ip)); ) {
    if (Date.now() > end) throw unavailable('Login');
    await sleep(40 + Math.random() * 80);
  }
  return { release: () => removeTry(ctx.db, tryId), fail: () => fail(ctx, tryId, accountKey, ip) };
}

/** By an admin, before the quarter of an hour is over. */
export async function forgiveFailures(ctx: Ctx, accountKey: string): Promise<void> {
  await ctx.db.transaction(async (trx) => {
    await lockKey(trx, accountKey);
    await clearFailures(trx, accountKey);
  });
}
