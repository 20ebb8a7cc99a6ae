// The archive of all that a user wrote and uploaded, on an admin's order and on record: who reads it reads a person's mail.
import type { Call } from '@chatapi/kit';
import { onRecord } from './audit.ts';
import type { Context } from './context.ts';
import { reportsOf } from './report-store.ts';

const path = (id: string): string => `/internal/users/${encodeURIComponent(id)}/export`;

export const orderExport = (ctx: Context, call: Call<{ id: string }>): Promise<object> =>
  onRecord(ctx, call, { action: 'user.export', target_id: call.params.id }, async () => {
    await ctx.auth.call('GET', `/internal/accounts/${encodeURIComponent(call.params.id)}`, {
      request_id: call.request_id,
    });
    return ctx.file.call<object>('POST', path(call.params.id), { request_id: call.request_id });
  });

export const showExport = (ctx: Context, call: Call<{ id: string }>): Promise<object> =>
  onRecord(ctx, call, { action: 'user.export.read', target_id: call.params.id }, () =>
    ctx.file.call<object>('GET', path(call.params.id), { request_id: call.request_id }),
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
