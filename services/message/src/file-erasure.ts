// Owns: files of an erased user leave the messages of others that bear them: name and description were written by that user.
import { type Change, change } from './change.ts';
import type { Context } from './context.ts';
import { withoutFile } from './erased-frames.ts';
import { bearersOf, rewriteFrames, saveAttachments } from './erasure-store.ts';
import { eventFrame } from './frames.ts';
import { framesAbout } from './log-store.ts';
import { lockMessage, type MessageRow } from './message-store.ts';
import { lockRoom } from './room-store.ts';

async function drop(c: Change, row: MessageRow, fileId: string, isGone: boolean): Promise<void> {
  const attachments = row.attachments.filter(({ id }) => id !== fileId);
  if (attachments.length === row.attachments.length) return;
  const updated_at = (await saveAttachments(c.trx, row.room_id, row.seq, attachments)).toISOString();
  const frames = await framesAbout(c.trx, row);
  await rewriteFrames(
    c.trx,
    row.room_id,
    frames.map(({ seq, frame }) => ({ seq, frame: withoutFile(frame, fileId) })),
  );
  if (isGone) return;
  const { id: message_id, content, is_edited } = row;
  await c.append(row.room_id, [
    {
      sender: row.sender_id,
      message_id,
      frame: eventFrame('message_updated', row.room_id, {
        message_id,
        content,
        attachments,
        is_edited,
        updated_at,
      }),
    },
  ]);
}

export async function eraseFile(ctx: Context, fileId: string): Promise<void> {
  for (let found = await bearersOf(ctx.db, fileId); found.length > 0; found = await bearersOf(ctx.db, fileId))
    for (const { room_id, seq } of found)
      await change(ctx, room_id, async (c) => {
        const room = await lockRoom(c.trx, room_id);
        await drop(c, await lockMessage(c.trx, room_id, seq), fileId, room?.deleted_at !== null);
      });
}
