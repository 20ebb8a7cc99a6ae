// Check of the caller's current password, for actions that a stolen token must not allow.
import { AppError } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import { type AccountRow, accountById } from './account-store.ts';
import type { Context } from './context.ts';
import { beginPasswordCheck } from './login-limit.ts';
import type { RequestOrigin } from './session-store.ts';

export const wrongPassword = (): AppError => new AppError('AUTHENTICATION_ERROR', 'The current password is wrong');

export const currentPasswordKey = (userId: string): string => `change ${userId}`;

/** @throws AUTHENTICATION_ERROR when the account is gone. */
export async function callerAccount(ctx: Pick<Context, 'db'>, caller: Caller): Promise<AccountRow> {
  const account = await accountById(ctx.db, caller.user_id);
  if (account === undefined) throw wrongPassword();
  return account;
}

/**
 * An application's own user has none, unless one was set.
 * @throws AUTHORIZATION_ERROR with the reason `no_password`.
 */
function requirePassword({ password_hash }: AccountRow): string {
  if (password_hash !== null) return password_hash;
  throw new AppError('AUTHORIZATION_ERROR', 'This account has no password: ask the application that made it', {
    details: { reason: 'no_password' },
  });
}

/**
 * Limited as logins are, but counted separately: failed logins by others cannot block the owner,
 * and the holder of a stolen token cannot keep guessing.
 * @throws AUTHENTICATION_ERROR, AUTHORIZATION_ERROR, RATE_LIMIT_EXCEEDED, ACCOUNT_LOCKED
 */
export async function verifyCurrentPassword(
  ctx: Context,
  account: AccountRow,
  password: string,
  { ip, request_id }: RequestOrigin,
): Promise<void> {
  const hash = requirePassword(account);
  const { user_id } = account;
  const attempt = await beginPasswordCheck(ctx, currentPasswordKey(user_id), { user_id, ip, request_id });
  const matches = await ctx.hasher.matches(password, hash).catch(async (error) => {
    await attempt.release();
    throw error;
  });
  if (!matches) {
    await attempt.fail();
    throw wrongPassword();
  }
  await attempt.release();
}
