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
 * Limited as logins are, but counted separately: failed logins by others cannot block the owner,
 * and the holder of a stolen token cannot keep guessing.
 * @throws AUTHENTICATION_ERROR, RATE_LIMIT_EXCEEDED, ACCOUNT_LOCKED
 */
export async function verifyCurrentPassword(
  ctx: Context,
  { user_id, password_hash }: AccountRow,
  password: string,
  { ip, request_id }: RequestOrigin,
): Promise<void> {
  const attempt = await beginPasswordCheck(ctx, currentPasswordKey(user_id), { user_id, ip, request_id });
  const matches = await ctx.hasher.matches(password, password_hash).catch(async (error) => {
    await attempt.release();
    throw error;
  });
  if (!matches) {
    await attempt.fail();
    throw wrongPassword();
  }
  await attempt.release();
}
