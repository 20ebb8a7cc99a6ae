import { AppError, type Caller, invalidField } from '@chatapi/kit';
import { accountById, lockAccount, updatePassword } from './account-store.ts';
import type { Context } from './context.ts';
import { beginTry } from './login-limit.ts';
import { checkPassword } from './passwords.ts';
import { announce, revoke } from './revocations.ts';
import { endSessions } from './session-store.ts';

const wrong = (): AppError => new AppError('AUTHENTICATION_ERROR', 'The current password is wrong');

/**
 * Sets a new password and ends all other sessions. Wrong tries are limited as logins are, but counted apart: who is
 * outside can't lock the owner out of changing it, and who holds a stolen token can't guess on.
 */
export async function changePassword(
  ctx: Context,
  caller: Caller,
  body: { current_password: string; new_password: string },
): Promise<void> {
  const account = await accountById(ctx.db, caller.user_id);
  if (account === undefined) throw wrong();
  checkPassword('new_password', body.new_password, [account.username, account.email, account.display_name]);
  if (body.new_password === body.current_password)
    throw invalidField('new_password', 'new_password must differ from the current one');
  const attempt = await beginTry(ctx, `change ${caller.user_id}`, caller.ip);
  const right = await ctx.hasher.matches(body.current_password, account.password_hash).catch(async (error) => {
    await attempt.release();
    throw error;
  });
  if (!right) {
    await attempt.fail();
    throw wrong();
  }
  await attempt.release();
  const hash = await ctx.hasher.hash(body.new_password);
  const revoked = await ctx.db.transaction(async (trx) => {
    const now = await lockAccount(trx, caller.user_id);
    if (now?.password_hash !== account.password_hash) throw wrong();
    await updatePassword(trx, caller.user_id, hash);
    await endSessions(trx, caller.user_id, caller.session_id);
    return revoke(trx, { kind: 'user', subject: caller.user_id, except: caller.session_id });
  });
  announce(ctx, revoked);
}
