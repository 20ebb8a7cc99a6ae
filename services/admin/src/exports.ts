// Archive of everything that a user wrote and uploaded, requested by an admin. Both the request and
// the download link are audited, because the archive contains private messages.
import type { RequestContext } from '@chatapi/kit';
import { withAudit } from './audit.ts';
import type { Context } from './context.ts';
import { reportsOf } from './report-store.ts';

/** As the file service returns it. */
export interface Export {
  id: string;
  status: 'pending' | 'ready';
  size: number | null;
  created_at: string;
  finished_at: string | null;
  expires_at: string | null;
  url: string | null;
  url_expires_at: string | null;
}

/** The link is made for the admin, whose rights count when it is used. */
const optionsOf = ({ caller, request_id }: RequestContext<{ id: string }>) => ({
  query: { viewer_id: caller.user_id },
  request_id,
});

const path = (id: string): string => `/internal/users/${encodeURIComponent(id)}/export`;

export const requestExport = (ctx: Context, call: RequestContext<{ id: string }>): Promise<Export> =>
  withAudit(ctx, call, { action: 'user.export', target_id: call.params.id }, async () => {
    await ctx.auth.call('GET', `/internal/accounts/${encodeURIComponent(call.params.id)}`, {
      request_id: call.request_id,
    });
    return ctx.file.call<Export>('POST', path(call.params.id), optionsOf(call));
  });

export const showExport = (ctx: Context, call: RequestContext<{ id: string }>): Promise<Export> =>
  withAudit(ctx, call, { action: 'user.export.read', target_id: call.params.id }, () =>
    ctx.file.call<Export>('GET', path(call.params.id), optionsOf(call)),
  );

const PAGE = 200;

export async function reportPage(
  { db }: Pick<Context, 'db'>,
  userId: string,
  after: string,
): Promise<{ items: object[]; next: string | null }> {
  const items = (await reportsOf(db, userId, after, PAGE)) as { id: string }[];
  return { items, next: items.length < PAGE ? null : (items.at(-1) as { id: string }).id };
}
