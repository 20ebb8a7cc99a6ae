// Owns: bans and their end. A ban ends all sessions in its own transaction; its end revives none of them.
import { type Revocation, tellFact } from '@chatapi/bus';
import { AppError, invalidField, type Knex, notFound } from '@chatapi/kit';
import { type AccountRow, endedBans, lockAccount, lockAdmins, otherAdminExists, updateBan } from './account-store.ts';
import { accountFact, type ShownAccount, shown } from './accounts.ts';
import type { Context } from './context.ts';
import { announce, revoke } from './revocations.ts';
import { endSessions } from './session-store.ts';

type Ctx = Pick<Context, 'db' | 'redis' | 'facts' | 'log'>;

export interface Ban {
  reason?: string | null;
  until?: string | null;
  actor_id: string;
}

export const isBanned = (account: AccountRow): boolean => account.status === 'banned';

/** @throws AUTHORIZATION_ERROR with reason and until: only for who has proved to be this user. */
export function refuseBanned({ status, ban_reason, banned_until }: AccountRow): void {
  if (status === 'banned')
    throw new AppError('AUTHORIZATION_ERROR', 'This account is banned', {
      details: { reason: ban_reason, until: banned_until },
    });
}

/** @throws AUTHORIZATION_ERROR. `lockAdmins` must be held. */
export async function keepAnAdmin(trx: Knex, account: AccountRow): Promise<void> {
  if (account.role !== 'admin' || isBanned(account) || (await otherAdminExists(trx, account.user_id))) return;
  throw new AppError('AUTHORIZATION_ERROR', 'The last admin must stay one');
}

interface Change {
  account: AccountRow;
  revoked: Revocation[];
}

async function setBan(trx: Knex, before: AccountRow, reason: string | null, until: string | null): Promise<Change> {
  const account = await updateBan(trx, before.user_id, { reason, until });
  await endSessions(trx, before.user_id, null);
  await tellFact(trx, 'account.updated', accountFact(account));
  return { account, revoked: await revoke(trx, { kind: 'ban', subject: before.user_id }) };
}

async function endBan(trx: Knex, before: AccountRow): Promise<Change> {
  const account = await updateBan(trx, before.user_id, null);
  await tellFact(trx, 'account.updated', accountFact(account));
  return { account, revoked: await revoke(trx, { kind: 'unban', subject: before.user_id }) };
}

async function existing(trx: Knex, userId: string): Promise<AccountRow> {
  const account = await lockAccount(trx, userId);
  if (account === undefined) throw notFound('User');
  return account;
}

function finish(ctx: Ctx, { account, revoked }: Change): ShownAccount {
  announce(ctx, revoked);
  return shown(account);
}

export async function banAccount(ctx: Ctx, userId: string, ban: Ban): Promise<ShownAccount> {
  const reason = ban.reason || null;
  const until = ban.until ? new Date(ban.until).toISOString() : null;
  if (until !== null && until <= new Date().toISOString()) throw invalidField('until', 'until must lie in the future');
  if (userId === ban.actor_id) throw new AppError('AUTHORIZATION_ERROR', 'Nobody bans themself');
  const change = await ctx.db.transaction(async (trx): Promise<Change> => {
    await lockAdmins(trx);
    const account = await existing(trx, userId);
    if (isBanned(account) && account.ban_reason === reason && account.banned_until === until)
      return { account, revoked: [] };
    await keepAnAdmin(trx, account);
    return setBan(trx, account, reason, until);
  });
  return finish(ctx, change);
}

export async function unbanAccount(ctx: Ctx, userId: string): Promise<ShownAccount> {
  const change = await ctx.db.transaction(async (trx): Promise<Change> => {
    const account = await existing(trx, userId);
    return isBanned(account) ? endBan(trx, account) : { account, revoked: [] };
  });
  return finish(ctx, change);
}

/** Lifts a ban whose `until` has passed; several instances may try at once. */
export async function liftEndedBan(ctx: Ctx, userId: string): Promise<void> {
  const revoked = await ctx.db.transaction(async (trx) => {
    const account = await existing(trx, userId);
    const over = account.banned_until !== null && account.banned_until <= new Date().toISOString();
    return isBanned(account) && over ? (await endBan(trx, account)).revoked : [];
  });
  announce(ctx, revoked);
}

export async function liftEndedBans(ctx: Ctx & Pick<Context, 'reads'>): Promise<void> {
  for (const userId of await endedBans(ctx.reads, 100)) await liftEndedBan(ctx, userId);
}
