import type { RequestContext } from '@chatapi/kit';
import { withAudit } from './audit.ts';
import type { Context } from './context.ts';
import { requireMayDelete } from './moderation/moderator-limits.ts';

/** @throws AUTHORIZATION_ERROR for moderators, unless the message was reported and is not of staff. */
export async function deleteMessage(ctx: Context, call: RequestContext<{ id: string }, any, any>): Promise<void> {
  const { params, caller, request_id } = call;
  await requireMayDelete(ctx, call, params.id);
  await withAudit(ctx, call, { action: 'message.delete', target_id: params.id }, () =>
    ctx.message.call('DELETE', `/internal/messages/${encodeURIComponent(params.id)}`, {
      body: { actor_id: caller.user_id },
      request_id,
    }),
  );
}
