import { type Caller, invalidField } from '@chatapi/kit';
import { lockAccount, updatePassword } from './account-store.ts';
import type { Context } from './context.ts';
import { ownAccount, provePassword, wrongPassword } from './own-password.ts';
import { checkPassword } from './passwords.ts';
import { announce, revoke } from './revocations.ts';
import { endSessions } from './session-store.ts';

/** Sets a new password and ends all other sessions. */
export async function changePassword(
  ctx: Context,
  caller: Caller,
  body: { current_password: string; new_password: string },
): Promise<void> {
  const account = await ownAccount(ctx, caller);
  checkPassword('new_password', body.new_password, [account.username, account.email, account.display_name]);
  if (body.new_password === body.current_password)
    throw invalidField('new_password', 'new_password must differ from the current one');
  const hash = await ctx.hasher.inTurn(async () => {
    await provePassword(ctx, caller, account, body.current_password);
    return ctx.hasher.hash(body.new_password);
  });
  const revoked = await ctx.db.transaction(async (trx) => {
    const now = await lockAccount(trx, caller.user_id);
    if (now?.password_hash !== account.password_hash) throw wrongPassword();
    await updatePassword(trx, caller.user_id, hash);
    await endSessions(trx, caller.user_id, caller.session_id);
    return revoke(trx, { kind: 'user', subject: caller.user_id, except: caller.session_id });
  });
  announce(ctx, revoked);
}
