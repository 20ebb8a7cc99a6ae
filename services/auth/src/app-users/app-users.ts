// One of an application's users: shown, deactivated, activated, erased.
import { type Revocation, recordFact } from '@chatapi/bus';
import { notFound, type SecurityEvent, securityEvent } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { type AccountRow, updateDeactivation } from '../account-store.ts';
import { accountFact } from '../accounts.ts';
import { revocationOf } from '../bans.ts';
import type { Context } from '../context.ts';
import { erase } from '../erasure.ts';
import { publishAfterCommit, revoke } from '../revocations.ts';
import { endSessions } from '../session-store.ts';
import { type AppUserView, profilesOf, userWith } from '../user-view.ts';
import { accountsByExternalId, lockByExternalId } from './app-user-store.ts';
import { type Act, type AppCall, recordAct, requireNoAdmin } from './audit.ts';
import { tellProfileChanges } from './profile-changes.ts';

export type UserCall<B = unknown> = AppCall<{ external_id: string }, unknown, B>;

async function viewOf(ctx: Context, account: AccountRow, request_id: string): Promise<AppUserView> {
  const ids = [account.user_id];
  await tellProfileChanges(ctx, ids, request_id);
  const profiles = await profilesOf(ctx, ids, { request_id });
  return userWith(account, profiles.get(account.user_id)) as AppUserView;
}

/** @throws RESOURCE_NOT_FOUND */
export async function showUser(ctx: Context, { params, request_id }: UserCall): Promise<AppUserView> {
  const [account] = await accountsByExternalId(ctx.db, [params.external_id]);
  if (account === undefined) throw notFound('User');
  return await viewOf(ctx, account, request_id);
}

/** Locks it. @throws RESOURCE_NOT_FOUND; AUTHORIZATION_ERROR with the reason `admin`. */
export async function lockOwnUser(trx: Knex, externalId: string): Promise<AccountRow> {
  const [account] = await lockByExternalId(trx, [externalId]);
  if (account === undefined) throw notFound('User');
  requireNoAdmin(account);
  return account;
}

async function setDeactivated(
  trx: Knex,
  call: UserCall,
  to: boolean,
  action: Act['action'],
): Promise<{ account: AccountRow; revoked: Revocation[] | undefined }> {
  const before = await lockOwnUser(trx, call.params.external_id);
  const { user_id } = before;
  const account = await updateDeactivation(trx, user_id, to);
  if (account === undefined) return { account: before, revoked: undefined };
  if (to) await endSessions(trx, user_id, null);
  await recordFact(trx, 'account.updated', accountFact(account));
  await recordAct(trx, call, { action, target_id: user_id });
  return { account, revoked: await revoke(trx, revocationOf(account)) };
}

const deactivation =
  (to: boolean, action: Act['action'], event: SecurityEvent) =>
  async (ctx: Context, call: UserCall): Promise<AppUserView> => {
    const { account, revoked } = await ctx.db.transaction((trx) => setDeactivated(trx, call, to, action));
    if (revoked !== undefined) {
      publishAfterCommit(ctx, revoked);
      recordSecurity(ctx, call, event, account);
    }
    return await viewOf(ctx, account, call.request_id);
  };

function recordSecurity(
  ctx: Context,
  { caller, ip, request_id }: UserCall,
  event: SecurityEvent,
  { user_id }: AccountRow,
) {
  securityEvent(ctx, event, { user_id, actor_id: caller.user_id, ip, request_id });
}

/** All sessions end; the name and the messages stay. */
export const deactivateUser = deactivation(true, 'user.deactivate', 'account.deactivated');
/** Ended sessions stay ended, and a ban stays. */
export const activateUser = deactivation(false, 'user.activate', 'account.activated');

/** The user whose data goes, service by service. */
export interface Erasing {
  id: string;
}

/** As erasures by admins. The external id is free at once; its next owner is another person. */
export async function eraseUser(ctx: Context, call: UserCall): Promise<Erasing> {
  const { account, revoked } = await ctx.db.transaction(async (trx) => {
    const one = await lockOwnUser(trx, call.params.external_id);
    await recordAct(trx, call, { action: 'user.erase', target_id: one.user_id });
    return { account: one, revoked: await erase(trx, one) };
  });
  publishAfterCommit(ctx, revoked);
  recordSecurity(ctx, call, 'account.erased', account);
  return { id: account.user_id };
}
