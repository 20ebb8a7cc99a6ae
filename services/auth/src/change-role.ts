import { recordFact } from '@chatapi/bus';
import { AppError, notFound } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import { lockAccount, lockAdmins, updateRole } from './account-store.ts';
import { type AccountView, accountFact, accountView } from './accounts.ts';
import { requireAnotherAdmin } from './bans.ts';
import type { Context } from './context.ts';
import type { NewRevocation } from './revocation-store.ts';
import { publishAfterCommit, revoke } from './revocations.ts';
import { endLimitedSessions } from './session-store.ts';

/** Its owner, and applications, make tokens of it: these would be sessions of an admin. */
const botAdmin = (): AppError => new AppError('CONFLICT', 'A bot can’t be an admin', { details: { reason: 'bot' } });

/**
 * The new role applies at once, to old tokens too: gateways take it from the revocation.
 * @throws AUTHORIZATION_ERROR for the last admin; CONFLICT for a bot that is to be one.
 */
export async function setRole(ctx: Context, userId: string, role: Role): Promise<AccountView> {
  const { account, revoked } = await ctx.db.transaction(async (trx) => {
    await lockAdmins(trx);
    const before = await lockAccount(trx, userId);
    if (before === undefined) throw notFound('User');
    if (role === 'admin' && before.kind === 'bot') throw botAdmin();
    if (before.role === role) return { account: before, revoked: [] };
    await requireAnotherAdmin(trx, before);
    const after = await updateRole(trx, userId, role);
    await recordFact(trx, 'account.updated', accountFact(after));
    // Applications never hold a session of an admin: the gateways give old tokens the new role.
    const ended = role === 'admin' ? await endLimitedSessions(trx, userId) : [];
    const ends = ended.map((subject): NewRevocation => ({ kind: 'session', subject }));
    return { account: after, revoked: await revoke(trx, ...ends, { kind: 'role', subject: userId, role }) };
  });
  publishAfterCommit(ctx, revoked);
  return accountView(account);
}
