import { invalidField } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import { type AccountRow, updatePassword } from './account-store.ts';
import type { Context } from './context.ts';
import { callerAccount, verifyCurrentPassword, wrongPassword } from './current-password.ts';
import { renewChain } from './end-other-sessions.ts';
import { ENDED_BY_NEW_PASSWORD, endLinks } from './mail/link-store.ts';
import { queueNotice } from './mail/queue.ts';
import { checkPassword } from './password-policy.ts';
import type { RequestOrigin } from './session-store.ts';
import type { Tokens } from './sessions.ts';

/** Names of the user, which make a password easy to guess. */
export const passwordNames = ({ username, email, display_name }: AccountRow): string[] => [
  username,
  ...(email === null ? [] : [email, email.split('@', 1)[0] as string]),
  display_name,
];

/** Sets a new password and ends all other sessions. This session continues with the new tokens. */
export async function changePassword(
  ctx: Context,
  caller: Caller,
  from: RequestOrigin,
  body: { current_password: string; new_password: string },
): Promise<Tokens> {
  const account = await callerAccount(ctx, caller);
  checkPassword('new_password', body.new_password, passwordNames(account));
  if (body.new_password === body.current_password)
    throw invalidField('new_password', 'new_password must differ from the current one');
  const hash = await ctx.hasher.withSlot(async () => {
    await verifyCurrentPassword(ctx, account, body.current_password, from);
    return ctx.hasher.hash(body.new_password);
  });
  return renewChain(ctx, caller, from, 'password.changed', async (trx, now) => {
    if (now === undefined || now.password_hash !== account.password_hash) throw wrongPassword();
    await updatePassword(trx, caller.user_id, hash);
    await endLinks(trx, caller.user_id, ENDED_BY_NEW_PASSWORD);
    await queueNotice(ctx, trx, from, { kind: 'password-changed', user_id: caller.user_id, recipient: now.email });
  });
}
