// Issuers belong to the auth service, which judges their keys. Secrets go there and never come
// back; the audit log says which kind of key an issuer has, and not the key.
import { encodeCursor, type IdPaging, newId, type PageInfo, type RequestContext } from '@chatapi/kit';
import { withAudit } from './audit.ts';
import type { Context } from './context.ts';

interface ClaimNames {
  username?: string;
  display_name?: string;
  email?: string;
  avatar_url?: string;
}

export interface NewIssuer {
  issuer: string;
  audience: string;
  jwks_url?: string;
  public_keys?: (string | Record<string, unknown>)[];
  secret?: string;
  user_claim: string;
  create_users: boolean;
  claims: ClaimNames;
}

export interface Issuer {
  id: string;
  issuer: string;
  audience: string;
  jwks_url: string | null;
  public_keys: Record<string, unknown>[] | null;
  has_secret: boolean;
  user_claim: string;
  create_users: boolean;
  claims: ClaimNames;
  created_at: string;
  jwks_fetched_at: string | null;
}

type Call<B = unknown> = RequestContext<{ id: string }, Record<string, unknown>, B>;

export function createIssuer(
  ctx: Context,
  call: RequestContext<Record<string, string>, Record<string, unknown>, NewIssuer>,
): Promise<Issuer> {
  const { body, request_id } = call;
  const { secret, public_keys, ...shown } = body;
  const id = newId('iss');
  const keys = secret !== undefined ? 'secret' : public_keys !== undefined ? 'public_keys' : 'jwks_url';
  return withAudit(ctx, call, { action: 'issuer.create', target_id: id, details: { ...shown, keys } }, () =>
    ctx.auth.call<Issuer>('POST', '/internal/issuers', { body: { id, ...body }, request_id }),
  );
}

export const listIssuers = (
  ctx: Context,
  { query, request_id }: RequestContext<Record<string, string>, IdPaging>,
): Promise<{ issuers: Issuer[] } & PageInfo> =>
  ctx.auth.call('GET', '/internal/issuers', {
    query: { ...query, cursor: query.cursor && encodeCursor(query.cursor) },
    request_id,
  });

export async function deleteIssuer(ctx: Context, call: Call): Promise<void> {
  const { params, request_id } = call;
  await withAudit(ctx, call, { action: 'issuer.delete', target_id: params.id }, () =>
    ctx.auth.call('DELETE', `/internal/issuers/${encodeURIComponent(params.id)}`, { request_id }),
  );
}
