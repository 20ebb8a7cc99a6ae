// Owns: proof that who holds a token also knows the password, for what a stolen token must not be able to do.
import { AppError, type Caller } from '@chatapi/kit';
import { type AccountRow, accountById } from './account-store.ts';
import type { Context } from './context.ts';
import { beginTry } from './login-limit.ts';

export const wrongPassword = (): AppError => new AppError('AUTHENTICATION_ERROR', 'The current password is wrong');

export const ownTryKey = (userId: string): string => `change ${userId}`;

/** @throws AUTHENTICATION_ERROR also when the account is gone. */
export async function ownAccount(ctx: Pick<Context, 'db'>, caller: Caller): Promise<AccountRow> {
  const account = await accountById(ctx.db, caller.user_id);
  if (account === undefined) throw wrongPassword();
  return account;
}

/**
 * Wrong tries are limited as logins are, but counted apart: who is outside can't lock the owner out, and who holds a
 * stolen token can't guess on. @throws AUTHENTICATION_ERROR, RATE_LIMIT_EXCEEDED, ACCOUNT_LOCKED
 */
export async function provePassword(
  ctx: Context,
  caller: Caller,
  account: AccountRow,
  password: string,
): Promise<void> {
  const attempt = await beginTry(ctx, ownTryKey(caller.user_id), caller.ip);
  const right = await ctx.hasher.matches(password, account.password_hash).catch(async (error) => {
    await attempt.release();
    throw error;
  });
  if (!right) {
    await attempt.fail();
    throw wrongPassword();
  }
  await attempt.release();
}
