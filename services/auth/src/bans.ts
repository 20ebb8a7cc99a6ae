// A ban ends all sessions in its own transaction. Lifting it restores none of them. A deactivation
// by the application is another thing: the account can be used when there is neither.
import { type Revocation, recordFact } from '@chatapi/bus';
import { AppError, invalidField, notFound } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { type AccountRow, expiredBans, lockAccount, lockAdmins, otherAdminExists, updateBan } from './account-store.ts';
import { type AccountView, accountFact, accountView } from './accounts.ts';
import type { Context } from './context.ts';
import type { NewRevocation } from './revocation-store.ts';
import { publishAfterCommit, revoke } from './revocations.ts';
import { endSessions } from './session-store.ts';

type Ctx = Pick<Context, 'db' | 'redis' | 'facts' | 'log'>;

export interface Ban {
  reason?: string | null;
  until?: string | null;
  actor_id: string;
  /** A key or a moderator asks for it: only users may be banned, and no ban becomes shorter. */
  spares_staff?: boolean;
}

export const isBanned = (account: AccountRow): boolean => account.status === 'banned';

/**
 * Call it only after the user proved who they are: the error tells the reason of the ban.
 * @throws AUTHORIZATION_ERROR with `reason` and `until`; for a deactivated account with the reason
 * `deactivated`.
 */
export function requireUsable({ status, ban_reason, banned_until }: AccountRow): void {
  if (status === 'banned')
    throw new AppError('AUTHORIZATION_ERROR', 'This account is banned', {
      details: { reason: ban_reason, until: banned_until },
    });
  if (status === 'deactivated')
    throw new AppError('AUTHORIZATION_ERROR', 'This account is deactivated', { details: { reason: 'deactivated' } });
}

/** What tells the gateways whether the account can be used. */
export const revocationOf = ({ user_id: subject, status }: AccountRow): NewRevocation => {
  if (status === 'active') return { kind: 'unban', subject };
  return status === 'banned' ? { kind: 'ban', subject } : { kind: 'ban', subject, reason: status };
};

/** Call it while `lockAdmins` is held. @throws AUTHORIZATION_ERROR for the last active admin. */
export async function requireAnotherAdmin(trx: Knex, account: AccountRow): Promise<void> {
  if (account.role !== 'admin' || account.status !== 'active' || (await otherAdminExists(trx, account.user_id))) return;
  throw new AppError('AUTHORIZATION_ERROR', 'The last admin must remain an admin');
}

interface Change {
  account: AccountRow;
  revoked: Revocation[];
}

async function setBan(trx: Knex, before: AccountRow, reason: string | null, until: string | null): Promise<Change> {
  const account = await updateBan(trx, before.user_id, { reason, until });
  await endSessions(trx, before.user_id, null);
  await recordFact(trx, 'account.updated', accountFact(account));
  return { account, revoked: await revoke(trx, revocationOf(account)) };
}

async function endBan(trx: Knex, before: AccountRow): Promise<Change> {
  const account = await updateBan(trx, before.user_id, null);
  await recordFact(trx, 'account.updated', accountFact(account));
  return { account, revoked: await revoke(trx, revocationOf(account)) };
}

async function requireAccount(trx: Knex, userId: string): Promise<AccountRow> {
  const account = await lockAccount(trx, userId);
  if (account === undefined) throw notFound('User');
  return account;
}

function finish(ctx: Ctx, { account, revoked }: Change): AccountView {
  publishAfterCommit(ctx, revoked);
  return accountView(account);
}

/** @throws AUTHORIZATION_ERROR */
function requireNoStaff({ role }: AccountRow): void {
  if (role !== 'user') throw new AppError('AUTHORIZATION_ERROR', 'Only admins ban admins and moderators');
}

/** Neither a key nor a moderator may shorten a ban. */
const isBannedFor = (account: AccountRow, until: string | null): boolean =>
  isBanned(account) && (account.banned_until === null || (until !== null && account.banned_until >= until));

export async function banAccount(ctx: Ctx, userId: string, ban: Ban): Promise<AccountView> {
  const reason = ban.reason || null;
  const until = ban.until ?? null;
  if (until !== null && until <= new Date().toISOString()) throw invalidField('until', 'until must lie in the future');
  if (userId === ban.actor_id) throw new AppError('AUTHORIZATION_ERROR', 'You can’t ban yourself');
  const change = await ctx.db.transaction(async (trx): Promise<Change> => {
    await lockAdmins(trx);
    const account = await requireAccount(trx, userId);
    if (isBanned(account) && account.ban_reason === reason && account.banned_until === until)
      return { account, revoked: [] };
    if (ban.spares_staff) {
      requireNoStaff(account);
      if (isBannedFor(account, until)) return { account, revoked: [] };
    }
    await requireAnotherAdmin(trx, account);
    return setBan(trx, account, reason, until);
  });
  return finish(ctx, change);
}

export async function unbanAccount(ctx: Ctx, userId: string): Promise<AccountView> {
  const change = await ctx.db.transaction(async (trx): Promise<Change> => {
    const account = await requireAccount(trx, userId);
    return isBanned(account) ? endBan(trx, account) : { account, revoked: [] };
  });
  return finish(ctx, change);
}

/** Lifts a ban whose `until` has passed. Safe to run on several instances at once. */
export async function liftExpiredBan(ctx: Ctx, userId: string): Promise<void> {
  const revoked = await ctx.db.transaction(async (trx) => {
    const account = await requireAccount(trx, userId);
    const over = account.banned_until !== null && account.banned_until <= new Date().toISOString();
    return isBanned(account) && over ? (await endBan(trx, account)).revoked : [];
  });
  publishAfterCommit(ctx, revoked);
}

export async function liftExpiredBans(ctx: Ctx & Pick<Context, 'reads'>): Promise<void> {
  for (const userId of await expiredBans(ctx.reads, 100)) await liftExpiredBan(ctx, userId);
}
