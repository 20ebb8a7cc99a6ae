// What moderators may do beside reading: delete reported messages, mute, and ban for a while. Never
// to staff.
import { AppError, type RequestContext } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Context } from '../context.ts';
import { findReportOn } from '../report-store.ts';
import type { AuthAccount } from '../user-view.ts';

/** Application keys have the role of a moderator. */
export const isModerator = ({ role }: Pick<Caller, 'role'>): boolean => role === 'moderator';

const MAX_BAN_MS = 24 * 3600 * 1000;

/** @throws AUTHORIZATION_ERROR, reason `ban_limit`, for a moderator’s or key’s longer ban. */
export function requireShortBan(caller: Pick<Caller, 'role' | 'kind'>, { until }: { until?: string | null }): void {
  if (!isModerator(caller)) return;
  if (until && Date.parse(until) <= Date.now() + MAX_BAN_MS) return;
  const who = caller.kind === 'key' ? 'An application key bans' : 'Moderators ban';
  throw new AppError('AUTHORIZATION_ERROR', `${who} for at most 24 hours`, { details: { reason: 'ban_limit' } });
}

const sparesStaff = (): AppError =>
  new AppError('AUTHORIZATION_ERROR', 'Only admins act on admins and moderators', { details: { reason: 'staff' } });

/** An erased account is nobody's. @throws AUTHORIZATION_ERROR, reason `staff` */
export async function requireNotStaff(
  ctx: Pick<Context, 'auth'>,
  { caller, request_id }: Pick<RequestContext, 'caller' | 'request_id'>,
  userId: string,
): Promise<void> {
  if (!isModerator(caller) || userId === caller.user_id) return;
  const path = `/internal/accounts/${encodeURIComponent(userId)}`;
  const account = await ctx.auth.call<AuthAccount>('GET', path, { request_id }).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'RESOURCE_NOT_FOUND') return undefined;
    throw error;
  });
  if (account !== undefined && account.role !== 'user') throw sparesStaff();
}

/** Keys may delete any message. @throws AUTHORIZATION_ERROR, reasons `not_reported` and `staff` */
export async function requireMayDelete(
  ctx: Pick<Context, 'db' | 'auth'>,
  call: Pick<RequestContext, 'caller' | 'request_id'>,
  messageId: string,
): Promise<void> {
  if (call.caller.kind === 'key' || !isModerator(call.caller)) return;
  const report = await findReportOn(ctx.db, 'message', messageId);
  if (report === undefined)
    throw new AppError('AUTHORIZATION_ERROR', 'Moderators delete reported messages only', {
      details: { reason: 'not_reported' },
    });
  if (report.about_user_id !== null) await requireNotStaff(ctx, call, report.about_user_id);
}
