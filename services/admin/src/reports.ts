// Reports to moderators, and their settlement. Users can report only what they may see; anything
// else gives the same 404 as a target that does not exist.
import { recordFact } from '@chatapi/bus';
import { AppError, newId, notFound, type PageInfo, page, type RequestContext } from '@chatapi/kit';
import { recordAudit } from './audit.ts';
import type { Context } from './context.ts';
import {
  closeReport,
  listReports,
  lockReport,
  putReport,
  type Report,
  type ReportFilter,
  type ReportStatus,
  type TargetType,
} from './report-store.ts';

export interface NewReportBody {
  target_type: TargetType;
  target_id: string;
  reason: string;
}

export interface ReportedMessage {
  id: string;
  chat_id: string;
  sender_id: string;
  content: string;
  is_deleted: boolean;
  created_at: string;
}

/** With the reported message as it is now; null for other targets and when it can't be fetched. */
export type ReportView = Report & { message: ReportedMessage | null };

const MESSAGES_TIMEOUT_MS = 1000;

/** @returns the user it is about. @throws RESOURCE_NOT_FOUND unless the reporter may see it. */
async function requireVisible(
  { message, file, auth }: Context,
  { caller, body, request_id }: RequestContext<any, any, NewReportBody>,
): Promise<string> {
  const id = encodeURIComponent(body.target_id);
  const by = `seen-by/${encodeURIComponent(caller.user_id)}`;
  const options = { request_id, query: { rooms: caller.rooms?.join(',') } };
  const ask: Record<TargetType, () => Promise<string>> = {
    message: async () =>
      (await message.call<{ sender_id: string }>('GET', `/internal/messages/${id}/${by}`, options)).sender_id,
    file: async () =>
      (await file.call<{ uploaded_by: string }>('GET', `/internal/files/${id}/${by}`, options)).uploaded_by,
    user: async () => (await auth.call<{ user_id: string }>('GET', `/internal/accounts/${id}`, { request_id })).user_id,
  };
  return ask[body.target_type]();
}

/** Reporting a target again returns the open report unchanged. */
export async function createReport(ctx: Context, call: RequestContext<any, any, NewReportBody>): Promise<Report> {
  const about_user_id = await requireVisible(ctx, call);
  const id = newId('rep');
  const reporter_id = call.caller.user_id;
  const report = await ctx.db.transaction(async (trx) => {
    const put = await putReport(trx, { id, reporter_id, about_user_id, ...call.body });
    const { target_type, target_id, created_at } = put;
    if (put.id === id)
      await recordFact(trx, 'report.created', {
        report_id: id,
        reporter_id,
        target_type,
        target_id,
        created_at: created_at.toISOString(),
      });
    return put;
  });
  ctx.facts.nudge();
  return report;
}

async function messagesOf(ctx: Context, reports: Report[], request_id: string): Promise<Map<string, ReportedMessage>> {
  const ids = reports.filter(({ target_type }) => target_type === 'message').map(({ target_id }) => target_id);
  if (ids.length === 0) return new Map();
  try {
    const options = { body: { ids: [...new Set(ids)] }, request_id, timeoutMs: MESSAGES_TIMEOUT_MS };
    const { messages } = await ctx.message.call<{ messages: ReportedMessage[] }>(
      'POST',
      '/internal/messages/by-ids',
      options,
    );
    return new Map(messages.map((message) => [message.id, message]));
  } catch (err) {
    ctx.log.warn({ err: (err as Error).message, request_id }, 'reports returned without their messages');
    return new Map();
  }
}

export async function showReports(
  ctx: Context,
  { query, request_id }: RequestContext<any, ReportFilter>,
): Promise<{ reports: ReportView[] } & PageInfo> {
  const found = await listReports(ctx.db, { ...query, limit: query.limit + 1 });
  const { reports, ...info } = page('reports', found, query.limit, ({ id }) => [id]);
  const messages = await messagesOf(ctx, reports, request_id);
  return { reports: reports.map((one) => ({ ...one, message: messages.get(one.target_id) ?? null })), ...info };
}

/**
 * Audited in the same transaction. Settling again the same way changes nothing.
 * @throws RESOURCE_NOT_FOUND; CONFLICT when it was settled the other way.
 */
export async function settleReport(
  ctx: Context,
  call: RequestContext<{ id: string }, any, { note?: string | null }>,
  status: Exclude<ReportStatus, 'open'>,
): Promise<Report> {
  const { id } = call.params;
  const { note = null } = call.body;
  return await ctx.db.transaction(async (trx) => {
    const now = await lockReport(trx, id);
    if (now === undefined) throw notFound('Report');
    if (now.status === status) return now;
    if (now.status !== 'open') throw new AppError('CONFLICT', `The report is already ${now.status}`);
    const { target_type, target_id, about_user_id } = now;
    const action = status === 'resolved' ? 'report.resolve' : 'report.dismiss';
    await recordAudit(ctx, trx, call, {
      action,
      target_id: id,
      details: { target_type, target_id, about_user_id, note },
    });
    return await closeReport(trx, id, { status, handled_by: call.caller.user_id, note });
  });
}
