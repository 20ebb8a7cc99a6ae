// The messages around a reported one. They may be private, so that each look is on record.
import { AppError, type Custom, notFound, type RequestContext } from '@chatapi/kit';
import { withAudit } from '../audit.ts';
import type { Context } from '../context.ts';
import { findReport } from '../report-store.ts';

export interface ContextMessage {
  id: string;
  chat_id: string;
  seq: number;
  sender_id: string;
  content: string;
  message_type: string;
  files: string[];
  is_edited: boolean;
  is_deleted: boolean;
  created_at: string;
  custom?: Custom;
}

interface UserCard {
  username: string;
  display_name: string;
  avatar_url: string | null;
  kind: 'user' | 'bot';
}

export interface ReportContext {
  message_id: string;
  messages: ContextMessage[];
  users: Record<string, UserCard>;
}

/** @throws RESOURCE_NOT_FOUND; CONFLICT when the report is not about a message. */
export async function showContext(ctx: Context, call: RequestContext<{ id: string }>): Promise<ReportContext> {
  const { params, request_id } = call;
  const report = await findReport(ctx.db, params.id);
  if (report === undefined) throw notFound('Report');
  const { target_type, target_id: message_id, about_user_id } = report;
  if (target_type !== 'message') throw new AppError('CONFLICT', 'The report is not about a message');
  const act = { action: 'report.context', target_id: params.id, details: { target_id: message_id, about_user_id } };
  const path = `/internal/messages/${encodeURIComponent(message_id)}/context`;
  const found = await withAudit(ctx, call, act, () =>
    ctx.message.call<Omit<ReportContext, 'message_id'>>('GET', path, { request_id }),
  );
  return { message_id, ...found };
}
