import { recordFact } from '@chatapi/bus';
import { notFound } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import { lockAccount, lockAdmins, updateRole } from './account-store.ts';
import { type AccountView, accountFact, accountView } from './accounts.ts';
import { requireAnotherAdmin } from './bans.ts';
import type { Context } from './context.ts';
import { publishAfterCommit, revoke } from './revocations.ts';

/**
 * The new role applies at once, to old tokens too: gateways take it from the revocation.
 * @throws AUTHORIZATION_ERROR for the last admin.
 */
export async function setRole(ctx: Context, userId: string, role: Role): Promise<AccountView> {
  const { account, revoked } = await ctx.db.transaction(async (trx) => {
    await lockAdmins(trx);
    const before = await lockAccount(trx, userId);
    if (before === undefined) throw notFound('User');
    if (before.role === role) return { account: before, revoked: [] };
    await requireAnotherAdmin(trx, before);
    const after = await updateRole(trx, userId, role);
    await recordFact(trx, 'account.updated', accountFact(after));
    return { account: after, revoked: await revoke(trx, { kind: 'role', subject: userId, role }) };
  });
  publishAfterCommit(ctx, revoked);
  return accountView(account);
}
