// Owns: the end of an account. Here it is gone at once, in one transaction with the end of its sessions and with the fact by
// which every other service erases what it has. Its names are free again; its id never comes back.
import { type Revocation, tellFact, untellFacts } from '@chatapi/bus';
import { type Caller, type Knex, notFound } from '@chatapi/kit';
import { type AccountRow, deleteAccount, lockAccount, lockAdmins } from './account-store.ts';
import { keepAnAdmin } from './bans.ts';
import type { Context } from './context.ts';
import { deleteTries } from './login-limit-store.ts';
import { ownAccount, ownTryKey, provePassword, wrongPassword } from './own-password.ts';
import { announce, revoke } from './revocations.ts';

async function erase(trx: Knex, account: AccountRow | undefined): Promise<Revocation[]> {
  if (account === undefined) throw notFound('User');
  const { user_id } = account;
  await keepAnAdmin(trx, account);
  await deleteAccount(trx, user_id);
  await deleteTries(trx, [user_id, ownTryKey(user_id)]);
  await untellFacts(trx, ['account.created', 'account.updated', 'account.seen'], user_id);
  await tellFact(trx, 'account.erased', { user_id, erased_at: new Date().toISOString() });
  return revoke(trx, { kind: 'user', subject: user_id });
}

/** By an admin, who is on record with it. @throws RESOURCE_NOT_FOUND; AUTHORIZATION_ERROR for the last admin. */
export async function eraseAccount(ctx: Context, userId: string): Promise<void> {
  const revoked = await ctx.db.transaction(async (trx) => {
    await lockAdmins(trx);
    return erase(trx, await lockAccount(trx, userId));
  });
  announce(ctx, revoked);
}

/** By its owner, who proves to be it. */
export async function eraseOwnAccount(ctx: Context, caller: Caller, password: string): Promise<void> {
  const proved = await ownAccount(ctx, caller);
  await ctx.hasher.inTurn(() => provePassword(ctx, caller, proved, password));
  const revoked = await ctx.db.transaction(async (trx) => {
    await lockAdmins(trx);
    const account = await lockAccount(trx, caller.user_id);
    if (account?.password_hash !== proved.password_hash) throw wrongPassword();
    return erase(trx, account);
  });
  announce(ctx, revoked);
}
