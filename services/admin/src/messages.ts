import type { Call } from '@chatapi/kit';
import { onRecord } from './audit.ts';
import type { Context } from './context.ts';

export async function deleteMessage(ctx: Context, call: Call<{ id: string }>): Promise<void> {
  const { params, caller, request_id } = call;
  await onRecord(ctx, call, { action: 'message.delete', target_id: params.id }, () =>
    ctx.message.call('DELETE', `/internal/messages/${encodeURIComponent(params.id)}`, {
      body: { actor_id: caller.user_id },
      request_id,
    }),
  );
}
