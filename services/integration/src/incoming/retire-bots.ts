// Bots of incoming webhooks that were deleted, or whose creation was cut off, leave their rooms and
// are deactivated. Each step is idempotent; the row goes last.
import { AppError, every, type RecurringTask } from '@chatapi/kit';
import type { Context } from '../context.ts';
import { deleteIncoming, type IncomingRow, takeUnused } from './incoming-store.ts';

const POLL_MS = 1000;

type Retiring = Pick<Context, 'db' | 'auth' | 'message' | 'log'>;

const isGone = (error: unknown): boolean => error instanceof AppError && error.code === 'RESOURCE_NOT_FOUND';

/** An account that never came to be, or was erased, is retired already. */
async function retire(
  { auth, message }: Retiring,
  { chat_id, bot_id }: Pick<IncomingRow, 'chat_id' | 'bot_id'>,
): Promise<void> {
  const ignoreGone = (error: unknown): void => {
    if (!isGone(error)) throw error;
  };
  const body = { room_id: chat_id, bot_id };
  await message.call('POST', '/internal/hook-members/remove', { body }).catch(ignoreGone);
  await auth.call('POST', `/internal/hook-bots/${bot_id}/retire`).catch(ignoreGone);
}

/** @returns the id of the one that was tried; undefined: there is none after `after`. */
const retireNext = (ctx: Retiring, after: string): Promise<string | undefined> =>
  ctx.db.transaction(async (trx) => {
    const hook = await takeUnused(trx, after);
    if (hook === undefined) return undefined;
    try {
      await retire(ctx, hook);
      await deleteIncoming(trx, hook.id);
    } catch (error) {
      ctx.log.debug({ err: (error as Error).message }, 'the bot of an incoming webhook is retired later');
    }
    return hook.id;
  });

export const startRetiring = (ctx: Retiring): RecurringTask =>
  every(
    POLL_MS,
    async (closing) => {
      let after: string | undefined = '';
      while (after !== undefined && !closing.aborted) after = await retireNext(ctx, after);
    },
    (err) => ctx.log.debug({ err: err.message }, 'retiring bots waits; will retry'),
  );
