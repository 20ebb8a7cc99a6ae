// Erasure of accounts: one transaction deletes the account with its sessions and records the fact
// by which every other service erases its data. The username stays blocked for 90 days, the email
// is free at once, and the user id is never reused.
import { type Revocation, recordFact, withdrawFacts } from '@chatapi/bus';
import { notFound, securityEvent } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import { type AccountRow, deleteAccount, lockAccount, lockAdmins } from './account-store.ts';
import { requireAnotherAdmin } from './bans.ts';
import { blockName } from './blocked-name-store.ts';
import type { Context } from './context.ts';
import { callerAccount, currentPasswordKey, verifyCurrentPassword, wrongPassword } from './current-password.ts';
import { deleteAttempts } from './login-limit-store.ts';
import { nameKey, unknownNameKey } from './name-key.ts';
import { publishAfterCommit, revoke } from './revocations.ts';
import type { RequestOrigin } from './session-store.ts';

/** Others still know the name, and would take its next owner for the erased person. */
const NAME_BLOCK_DAYS = 90;

const NAMES = ['account.created', 'accounts.created', 'account.updated', 'account.seen', 'account.invited'] as const;

/** The account is locked. Call it last in the transaction. */
export async function erase(trx: Knex, account: AccountRow | undefined): Promise<Revocation[]> {
  if (account === undefined) throw notFound('User');
  const { user_id } = account;
  await requireAnotherAdmin(trx, account);
  await deleteAccount(trx, user_id);
  await blockName(trx, unknownNameKey(nameKey(account.username)), NAME_BLOCK_DAYS);
  await deleteAttempts(trx, [user_id, currentPasswordKey(user_id)]);
  await withdrawFacts(trx, NAMES, [user_id]);
  await recordFact(trx, 'account.erased', { user_id, erased_at: new Date().toISOString() });
  return revoke(trx, { kind: 'user', subject: user_id });
}

/**
 * On behalf of an admin; the admin service audits it.
 * @throws RESOURCE_NOT_FOUND; AUTHORIZATION_ERROR for the last admin.
 */
export async function eraseAccount(ctx: Context, userId: string): Promise<void> {
  const revoked = await ctx.db.transaction(async (trx) => {
    await lockAdmins(trx);
    return erase(trx, await lockAccount(trx, userId));
  });
  publishAfterCommit(ctx, revoked);
}

/** On behalf of the owner, who confirms with the password. */
export async function eraseOwnAccount(
  ctx: Context,
  caller: Caller,
  password: string,
  from: RequestOrigin,
): Promise<void> {
  const verified = await callerAccount(ctx, caller);
  await ctx.hasher.withSlot(() => verifyCurrentPassword(ctx, verified, password, from));
  const revoked = await ctx.db.transaction(async (trx) => {
    await lockAdmins(trx);
    const account = await lockAccount(trx, caller.user_id);
    if (account?.password_hash !== verified.password_hash) throw wrongPassword();
    return erase(trx, account);
  });
  publishAfterCommit(ctx, revoked);
  securityEvent(ctx, 'account.erased', { user_id: caller.user_id, ip: from.ip, request_id: from.request_id });
}
