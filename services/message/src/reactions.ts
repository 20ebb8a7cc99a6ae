import { AppError, type Caller, invalidField } from '@chatapi/kit';
import { readableMessage } from './access.ts';
import { change } from './change.ts';
import type { Context } from './context.ts';
import { lockedMessage } from './edits.ts';
import { isEmoji } from './emoji.ts';
import { leaveTrace } from './erasure-store.ts';
import { eventFrame } from './frames.ts';
import { demand } from './permissions.ts';
import { addReaction, removeReaction } from './reaction-store.ts';
import { demandVoice } from './voice.ts';

/** What changes nothing makes no event. In a public room whoever may read may react. */
async function react(
  ctx: Context,
  caller: Caller,
  id: string,
  emoji: string,
  action: 'added' | 'removed',
): Promise<void> {
  if (!isEmoji(emoji)) throw invalidField('emoji', 'emoji must be one emoji of at most 32 bytes');
  const { row, room } = await readableMessage(ctx.reads, id, caller.user_id);
  demand('post', room, room.role ?? 'stranger');
  await change(ctx, row.room_id, async (c) => {
    const now = await lockedMessage(c, row);
    if (now.is_deleted) throw new AppError('CONFLICT', 'The message was deleted');
    if (action === 'added') await demandVoice(c.trx, now.room_id, caller.user_id);
    const apply = action === 'added' ? addReaction : removeReaction;
    if (!(await apply(c.trx, now, caller.user_id, emoji))) return;
    await leaveTrace(c.trx, [caller.user_id], now.room_id);
    const fields = { message_id: id, user_id: caller.user_id, emoji, action };
    await c.append(now.room_id, [{ sender: caller.user_id, frame: eventFrame('reaction', now.room_id, fields) }]);
  });
}

export const addOne = (ctx: Context, caller: Caller, id: string, emoji: string): Promise<void> =>
  react(ctx, caller, id, emoji, 'added');
export const removeOne = (ctx: Context, caller: Caller, id: string, emoji: string): Promise<void> =>
  react(ctx, caller, id, emoji, 'removed');
