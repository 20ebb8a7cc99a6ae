// Invites belong to the auth service. The code goes to the admin who made it, once.
import {
  AppError,
  encodeCursor,
  type IdPaging,
  invalidField,
  newId,
  type PageInfo,
  type RequestContext,
} from '@chatapi/kit';
import { withAudit } from './audit.ts';
import type { Context } from './context.ts';

export interface NewInvite {
  max_uses: number;
  expires_at?: string;
  rooms: string[];
}

export interface Invite {
  id: string;
  max_uses: number;
  uses: number;
  expires_at: string;
  rooms: string[];
  created_at: string;
}

type Call = RequestContext<{ id: string }>;

/** @throws VALIDATION_ERROR for a room that nobody can be invited to. */
async function requireRooms(ctx: Context, rooms: string[], request_id: string): Promise<void> {
  const kinds = await Promise.all(
    rooms.map((room) =>
      ctx.message
        .call<{ kind: string }>('GET', `/internal/rooms/${encodeURIComponent(room)}`, { request_id })
        .then(({ kind }) => kind)
        .catch((error) => {
          if (error instanceof AppError && error.code === 'RESOURCE_NOT_FOUND') return undefined;
          throw error;
        }),
    ),
  );
  const bad = kinds.findIndex((kind) => kind === undefined || kind === 'direct');
  if (bad >= 0) throw invalidField(`rooms.${bad}`, `rooms.${bad} is no room that people can be invited to`);
}

export async function createInvite(
  ctx: Context,
  call: RequestContext<Record<string, string>, Record<string, unknown>, NewInvite>,
): Promise<Invite & { code: string }> {
  const { body, request_id } = call;
  await requireRooms(ctx, body.rooms, request_id);
  const id = newId('inv');
  return withAudit(ctx, call, { action: 'invite.create', target_id: id, details: { ...body } }, () =>
    ctx.auth.call<Invite & { code: string }>('POST', '/internal/invites', { body: { id, ...body }, request_id }),
  );
}

export const listInvites = (
  ctx: Context,
  { query, request_id }: RequestContext<Record<string, string>, IdPaging>,
): Promise<{ invites: Invite[] } & PageInfo> =>
  ctx.auth.call('GET', '/internal/invites', {
    query: { ...query, cursor: query.cursor && encodeCursor(query.cursor) },
    request_id,
  });

export async function deleteInvite(ctx: Context, call: Call): Promise<void> {
  const { params, request_id } = call;
  await withAudit(ctx, call, { action: 'invite.delete', target_id: params.id }, () =>
    ctx.auth.call('DELETE', `/internal/invites/${encodeURIComponent(params.id)}`, { request_id }),
  );
}
