import { tellFact } from '@chatapi/bus';
import { notFound, type Role } from '@chatapi/kit';
import { lockAccount, lockAdmins, updateRole } from './account-store.ts';
import { accountFact, type ShownAccount, shown } from './accounts.ts';
import { keepAnAdmin } from './bans.ts';
import type { Context } from './context.ts';
import { announce, revoke } from './revocations.ts';

/** The new role holds at once, for old tokens too: the doors take it from the revocation. @throws for the last admin. */
export async function setRole(ctx: Context, userId: string, role: Role): Promise<ShownAccount> {
  const { account, revoked } = await ctx.db.transaction(async (trx) => {
    await lockAdmins(trx);
    const before = await lockAccount(trx, userId);
    if (before === undefined) throw notFound('User');
    if (before.role === role) return { account: before, revoked: [] };
    await keepAnAdmin(trx, before);
    const after = await updateRole(trx, userId, role);
    await tellFact(trx, 'account.updated', accountFact(after));
    return { account: after, revoked: await revoke(trx, { kind: 'role', subject: userId, role }) };
  });
  announce(ctx, revoked);
  return shown(account);
}
