// Limits of wrong passwords, exact over all instances. An attempt reserves its place before the
// password is checked and releases it if the password was right. While pending attempts could use
// up the limit, the next one waits: no guess is uncounted, no right password is refused. A known
// device counts its own failures and has its own lockout.
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, newId, type SecurityEvent, securityEvent, unavailable } from '@chatapi/kit';
import { addressKey } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import type { Context } from './context.ts';
import {
  clearFailures,
  countAccount,
  countAddress,
  deleteAttempt,
  insertAttempt,
  insertLock,
  lockAddress,
  lockKey,
  markFailed,
} from './login-limit-store.ts';

export const WINDOW_S = 15 * 60;
const LEASE_S = 20;
const MAX_WAIT_MS = 5000;

/** At ten failures, or at twice the limit per address if that is more. */
const lockoutAt = (limit: number): number => Math.max(10, 2 * limit);

type Ctx = Pick<Context, 'config' | 'db' | 'log' | 'metrics'>;

export interface Attempt {
  /** The password was right or could not be checked: deletes the attempt. */
  release(): Promise<void>;
  /** Counts a failure. The one that reaches the lockout limit locks the account. */
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

/** Who tries, for the security log. */
export interface Guesser {
  /** Undefined for an unknown name. */
  user_id?: string;
  ip: string;
  request_id: string;
}

interface AttemptKey {
  accountKey: string;
  /** Of a known device; null: the device is not known. */
  device: string | null;
  /** The client's IP address as limits count it (IPv6: /64). */
  address: string;
  /** A login; false for the password check of a user who is logged in. */
  isLogin: boolean;
}

const countOptions = ({ accountKey, address, device }: AttemptKey) => ({
  accountKey,
  ip: address,
  device,
  windowS: WINDOW_S,
  leaseS: LEASE_S,
});

/** @returns whether the account has a free place. @throws ACCOUNT_LOCKED, RATE_LIMIT_EXCEEDED */
async function checkAccount(ctx: Ctx, trx: Knex, key: AttemptKey): Promise<boolean> {
  const limit = ctx.config.RATE_LIMIT_LOGIN;
  if (limit === 0) return true;
  const now = await countAccount(trx, countOptions(key));
  if (now.locked_s > 0) throw locked(now.locked_s);
  if (now.failed_here >= limit) throw limited(limit, Math.max(1, now.oldest_here_s));
  return now.failed_here + now.under_way_here < limit && now.failed + now.under_way < lockoutAt(limit);
}

/** @returns whether the address has a free place. @throws RATE_LIMIT_EXCEEDED */
async function checkAddress(ctx: Ctx, trx: Knex, { address, isLogin }: AttemptKey): Promise<boolean> {
  const limit = ctx.config.RATE_LIMIT_LOGIN_ADDRESS;
  if (limit === 0 || !isLogin) return true;
  await lockAddress(trx, address);
  const now = await countAddress(trx, { ip: address, windowS: WINDOW_S, leaseS: LEASE_S });
  if (now.failed >= limit) throw limited(limit, Math.max(1, now.oldest_s));
  return now.failed + now.under_way < limit;
}

/** Locks the address, then the account, always in this order. @returns whether a place was free. */
function reserve(ctx: Ctx, attemptId: string, key: AttemptKey): Promise<boolean> {
  return ctx.db.transaction(async (trx) => {
    if (!(await checkAddress(ctx, trx, key))) return false;
    await lockKey(trx, key.accountKey);
    const free = await checkAccount(ctx, trx, key);
    if (free) await insertAttempt(trx, attemptId, key);
    return free;
  });
}

/** @returns whether this failure locked the account, or the known device. */
async function fail(ctx: Ctx, attemptId: string, key: AttemptKey): Promise<boolean> {
  return await ctx.db.transaction(async (trx) => {
    await lockKey(trx, key.accountKey);
    await markFailed(trx, attemptId);
    const limit = ctx.config.RATE_LIMIT_LOGIN;
    if (limit === 0) return false;
    let isLocked = false;
    // Failures of a known device count for everybody, but not the other way round.
    for (const device of new Set([null, key.device])) {
      const now = await countAccount(trx, countOptions({ ...key, device }));
      if (now.failed < lockoutAt(limit)) continue;
      await insertLock(trx, { accountKey: key.accountKey, device, seconds: WINDOW_S });
      isLocked ||= now.locked_s === 0;
    }
    return isLocked;
  });
}

/**
 * @throws ACCOUNT_LOCKED, RATE_LIMIT_EXCEEDED; SERVICE_UNAVAILABLE when pending attempts held every
 * place for 5 s.
 */
async function waitForPlace(ctx: Ctx, key: AttemptKey): Promise<string> {
  const attemptId = newId('req');
  for (const end = Date.now() + MAX_WAIT_MS; !(await reserve(ctx, attemptId, key)); ) {
    if (Date.now() > end) throw unavailable('Login');
    await sleep(40 + Math.random() * 80);
  }
  return attemptId;
}

const REFUSALS: Partial<Record<string, SecurityEvent>> = {
  ACCOUNT_LOCKED: 'login.locked_out',
  RATE_LIMIT_EXCEEDED: 'login.limited',
};

const isOff = ({ config }: Ctx): boolean => config.RATE_LIMIT_LOGIN === 0 && config.RATE_LIMIT_LOGIN_ADDRESS === 0;

async function begin(ctx: Ctx, key: AttemptKey, who: Guesser): Promise<Attempt> {
  const failed: SecurityEvent = key.isLogin ? 'login.failed' : 'password.check_failed';
  if (isOff(ctx)) return { release: async () => undefined, fail: async () => securityEvent(ctx, failed, who) };
  const attemptId = await waitForPlace(ctx, key).catch((error: Partial<AppError>) => {
    const refusal = REFUSALS[error.code as string];
    if (refusal !== undefined) securityEvent(ctx, refusal, who);
    throw error;
  });
  return {
    release: () => deleteAttempt(ctx.db, attemptId),
    async fail() {
      const isLocked = await fail(ctx, attemptId, key);
      securityEvent(ctx, failed, who);
      if (isLocked) securityEvent(ctx, 'account.locked', who);
    },
  };
}

export const beginLoginAttempt = (
  ctx: Ctx,
  accountKey: string,
  device: string | null,
  who: Guesser,
): Promise<Attempt> => begin(ctx, { accountKey, device, address: addressKey(who.ip), isLogin: true }, who);

/** For the password of a logged-in user, before an action that a stolen token must not allow. */
export const beginPasswordCheck = (ctx: Ctx, accountKey: string, who: Guesser): Promise<Attempt> =>
  begin(ctx, { accountKey, device: null, address: addressKey(who.ip), isLogin: false }, who);

/** On behalf of an admin, before the window of 15 minutes ends. */
export async function resetFailures(ctx: Pick<Context, 'db'>, accountKey: string): Promise<void> {
  await ctx.db.transaction(async (trx) => {
    await lockKey(trx, accountKey);
    await clearFailures(trx, accountKey);
  });
}
