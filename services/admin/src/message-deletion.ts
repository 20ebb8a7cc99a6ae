import type { RequestContext } from '@chatapi/kit';
import { withAudit } from './audit.ts';
import type { Context } from './context.ts';

export async function deleteMessage(ctx: Context, call: RequestContext<{ id: string }>): Promise<void> {
  const { params, caller, request_id } = call;
  await withAudit(ctx, call, { action: 'message.delete', target_id: params.id }, () =>
    ctx.message.call('DELETE', `/internal/messages/${encodeURIComponent(params.id)}`, {
      body: { actor_id: caller.user_id },
      request_id,
    }),
  );
}
