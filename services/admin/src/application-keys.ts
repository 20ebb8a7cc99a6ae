// Application keys belong to the auth service. Admins make and end them here, audited.
import { encodeCursor, type IdPaging, newId, type PageInfo, type RequestContext } from '@chatapi/kit';
import type { Scope } from '@chatapi/kit/auth';
import { withAudit } from './audit.ts';
import type { Context } from './context.ts';

export interface KeyRequest {
  name: string;
  scopes: Scope[];
  expires_at?: string | null;
}

export interface ApplicationKey {
  id: string;
  name: string;
  scopes: Scope[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

export type NewApplicationKey = ApplicationKey & { key: string };

export interface ApplicationKeyList extends PageInfo {
  keys: ApplicationKey[];
}

type Call<Q = Record<string, unknown>, B = unknown> = RequestContext<{ id: string }, Q, B>;

export async function createKey(
  ctx: Context,
  call: RequestContext<Record<string, string>, Record<string, unknown>, KeyRequest>,
): Promise<NewApplicationKey> {
  const { body, request_id } = call;
  const id = newId('key');
  return withAudit(ctx, call, { action: 'key.create', target_id: id, details: { ...body } }, () =>
    ctx.auth.call<NewApplicationKey>('POST', '/internal/keys', { body: { id, ...body }, request_id }),
  );
}

export const listKeys = (
  ctx: Context,
  { query: { limit, skip, cursor }, request_id }: RequestContext<Record<string, string>, IdPaging>,
): Promise<ApplicationKeyList> =>
  ctx.auth.call<ApplicationKeyList>('GET', '/internal/keys', {
    query: { limit, skip, cursor: cursor && encodeCursor(cursor) },
    request_id,
  });

export async function endKey(ctx: Context, call: Call): Promise<void> {
  const { params, request_id } = call;
  await withAudit(ctx, call, { action: 'key.end', target_id: params.id }, () =>
    ctx.auth.call('DELETE', `/internal/keys/${encodeURIComponent(params.id)}`, { request_id }),
  );
}
