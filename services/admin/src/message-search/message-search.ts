// Full text over all rooms, for legal requests: off unless an installation turns it on, for admins
// only, with a reason, and each use on record.
import { AppError, encodeCursor, type PageInfo, type Paging, type RequestContext } from '@chatapi/kit';
import { withAudit } from '../audit.ts';
import type { Context } from '../context.ts';
import type { ContextMessage, ReportContext } from '../moderation/report-context.ts';

/** Milliseconds, room and seq of the last message of a page. */
export type FoundKey = readonly [number, string, number];

export interface MessageSearch extends Paging<FoundKey> {
  q: string;
  reason: string;
  chat_id?: string;
  sender_id?: string;
  from?: string;
  to?: string;
}

export type FoundMessages = { messages: ContextMessage[]; users: ReportContext['users'] } & PageInfo;

/** @throws AUTHORIZATION_ERROR with the reason `search_off`. */
function requireOn({ config }: Pick<Context, 'config'>): void {
  if (config.ADMIN_MESSAGE_SEARCH === 'on') return;
  throw new AppError('AUTHORIZATION_ERROR', 'The search over all messages is off', {
    details: { reason: 'search_off' },
  });
}

/** An erasure of the sender removes `text` and `reason` from the log. */
const detailsOf = ({ q, reason, chat_id, sender_id, from, to }: MessageSearch) => ({
  text: q,
  reason,
  chat_id,
  about_user_id: sender_id,
  from,
  to,
});

export async function searchMessages(
  ctx: Context,
  call: RequestContext<Record<string, string>, MessageSearch>,
): Promise<FoundMessages> {
  requireOn(ctx);
  const { query, request_id } = call;
  const { reason: _, cursor, ...asked } = query;
  const act = { action: 'messages.search', target_id: query.chat_id ?? 'messages', details: detailsOf(query) };
  return await withAudit(ctx, call, act, () =>
    ctx.message.call<FoundMessages>('GET', '/internal/messages/search', {
      query: { ...asked, cursor: cursor && encodeCursor(cursor) },
      request_id,
    }),
  );
}
