// One act that does something about a report and settles it. Each measure is idempotent and on
// record; when one fails, the report stays open and the same act may be tried again.
import { AppError, notFound, type RequestContext } from '@chatapi/kit';
import type { Context } from '../context.ts';
import { deleteMessage } from '../message-deletion.ts';
import { findReport, type Report } from '../report-store.ts';
import { settleReport } from '../reports.ts';
import { type BanRequest, banUser } from '../users.ts';
import { isModerator, requireNotStaff, requireShortBan } from './moderator-limits.ts';

export interface ReportAct {
  status: 'resolved' | 'dismissed';
  note?: string | null;
  delete_target: boolean;
  mute?: { until?: string | null };
  ban?: BanRequest;
}

type ActCall = RequestContext<{ id: string }, Record<string, unknown>, ReportAct>;

const conflict = (text: string): AppError => new AppError('CONFLICT', text);

/** @throws AppError before anything is done. */
async function requirePossible(ctx: Context, call: ActCall, report: Report): Promise<void> {
  const { delete_target, mute, ban } = call.body;
  const { target_type, about_user_id } = report;
  if (delete_target && target_type === 'user') throw conflict('A user is not deleted by a report');
  if (mute !== undefined && target_type !== 'message') throw conflict('Only the report of a message names a room');
  if ((mute ?? ban) !== undefined && about_user_id === null) throw conflict('The report does not know its user');
  if (delete_target && target_type === 'file' && isModerator(call.caller))
    throw new AppError('AUTHORIZATION_ERROR', 'Only admins delete files of others');
  if (ban !== undefined) requireShortBan(call.caller, ban);
  if (about_user_id !== null && (delete_target || (mute ?? ban) !== undefined))
    await requireNotStaff(ctx, call, about_user_id);
}

async function deleteTarget(ctx: Context, call: ActCall, { target_type, target_id }: Report): Promise<void> {
  if (target_type === 'message') return await deleteMessage(ctx, { ...call, params: { id: target_id } });
  const { caller, ip, request_id } = call;
  await ctx.file.call('DELETE', `/internal/files/${encodeURIComponent(target_id)}`, {
    body: { actor_id: caller.user_id, ip },
    request_id,
  });
}

async function roomOf(ctx: Context, { target_id }: Report, request_id: string): Promise<string> {
  const { messages } = await ctx.message.call<{ messages: { chat_id: string }[] }>(
    'POST',
    '/internal/messages/by-ids',
    { body: { ids: [target_id] }, request_id },
  );
  if (messages[0] === undefined) throw notFound('Message');
  return messages[0].chat_id;
}

/** Recorded by the message service, in the transaction of the mute. */
async function muteSender(ctx: Context, call: ActCall, report: Report, until: string | null): Promise<void> {
  const { caller, ip, request_id } = call;
  const room = encodeURIComponent(await roomOf(ctx, report, request_id));
  const user = encodeURIComponent(report.about_user_id as string);
  await ctx.message.call('PUT', `/internal/rooms/${room}/members/${user}/mute`, {
    body: { actor_id: caller.user_id, role: caller.role, ip, until },
    request_id,
  });
}

/**
 * @throws RESOURCE_NOT_FOUND; CONFLICT when it was settled the other way, or a measure does not fit
 * the report; AUTHORIZATION_ERROR for what moderators may not do. Nothing is done then.
 */
export async function actOnReport(ctx: Context, call: ActCall): Promise<Report> {
  const report = await findReport(ctx.db, call.params.id);
  if (report === undefined) throw notFound('Report');
  if (report.status === 'open') {
    const { delete_target, mute, ban } = call.body;
    await requirePossible(ctx, call, report);
    if (delete_target) await deleteTarget(ctx, call, report);
    if (mute !== undefined) await muteSender(ctx, call, report, mute.until ?? null);
    if (ban !== undefined) await banUser(ctx, { ...call, params: { id: report.about_user_id as string }, body: ban });
  }
  return await settleReport(ctx, call, call.body.status);
}
