// Owns: what users report to those who moderate, and how that is settled. Only what the reporter may see can be reported; who asks
// for anything else hears the same 404 as of what does not exist.
import { AppError, type Call, newId, notFound, page } from '@chatapi/kit';
import { recordIn } from './audit.ts';
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

interface ShownMessage {
  id: string;
  chat_id: string;
  sender_id: string;
  content: string;
  is_deleted: boolean;
  created_at: string;
}

/** With the reported message as it is now; null: it is no message, or message can't be asked. */
export type ShownReport = Report & { message: ShownMessage | null };

const SHOWN_MS = 1000;

/** @returns whom it is about. @throws AppError RESOURCE_NOT_FOUND unless the reporter may see it. */
async function demandVisible(
  { message, file, auth }: Context,
  { caller, body, request_id }: Call<any, any, NewReportBody>,
): Promise<string> {
  const id = encodeURIComponent(body.target_id);
  const by = `seen-by/${encodeURIComponent(caller.user_id)}`;
  const options = { request_id };
  const ask: Record<TargetType, () => Promise<string>> = {
    message: async () =>
      (await message.call<{ sender_id: string }>('GET', `/internal/messages/${id}/${by}`, options)).sender_id,
    file: async () =>
      (await file.call<{ uploaded_by: string }>('GET', `/internal/files/${id}/${by}`, options)).uploaded_by,
    user: async () => (await auth.call<{ user_id: string }>('GET', `/internal/accounts/${id}`, options)).user_id,
  };
  return ask[body.target_type]();
}

/** The same report again changes nothing while the first is open, and is answered with it. */
export async function report(ctx: Context, call: Call<any, any, NewReportBody>): Promise<Report> {
  const about_user_id = await demandVisible(ctx, call);
  return await putReport(ctx.db, { id: newId('rep'), reporter_id: call.caller.user_id, about_user_id, ...call.body });
}

async function messagesOf(ctx: Context, reports: Report[], request_id: string): Promise<Map<string, ShownMessage>> {
  const ids = reports.filter(({ target_type }) => target_type === 'message').map(({ target_id }) => target_id);
  if (ids.length === 0) return new Map();
  try {
    const options = { body: { ids: [...new Set(ids)] }, request_id, timeoutMs: SHOWN_MS };
    const { messages } = await ctx.message.call<{ messages: ShownMessage[] }>(
      'POST',
      '/internal/messages/by-ids',
      options,
    );
    return new Map(messages.map((message) => [message.id, message]));
  } catch (err) {
    ctx.log.warn({ err: (err as Error).message, request_id }, 'reports shown without their messages');
    return new Map();
  }
}

export async function showReports(
  ctx: Context,
  { query, request_id }: Call<any, ReportFilter>,
): Promise<{ reports: ShownReport[]; has_more: boolean }> {
  const found = await listReports(ctx.db, { ...query, limit: query.limit + 1 });
  const { reports, has_more } = page('reports', found, query.limit);
  const messages = await messagesOf(ctx, reports, request_id);
  return { reports: reports.map((one) => ({ ...one, message: messages.get(one.target_id) ?? null })), has_more };
}

/** On record in the same transaction. Settling it again the same way changes nothing; the other way is CONFLICT. */
export async function settleReport(
  ctx: Context,
  call: Call<{ id: string }, any, { note?: string | null }>,
  status: Exclude<ReportStatus, 'open'>,
): Promise<Report> {
  const { id } = call.params;
  const { note = null } = call.body;
  return await ctx.db.transaction(async (trx) => {
    const now = await lockReport(trx, id);
    if (now === undefined) throw notFound('Report');
    if (now.status === status) return now;
    if (now.status !== 'open') throw new AppError('CONFLICT', `The report was ${now.status} before`);
    const { target_type, target_id, about_user_id } = now;
    const action = status === 'resolved' ? 'report.resolve' : 'report.dismiss';
    await recordIn(trx, call, { action, target_id: id, details: { target_type, target_id, about_user_id, note } });
    return await closeReport(trx, id, { status, handled_by: call.caller.user_id, note });
  });
}
