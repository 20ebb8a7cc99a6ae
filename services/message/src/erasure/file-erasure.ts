// Removes files of an erased user from messages of others: the user wrote name and description.

import { lockRoom } from '../access/room-store.ts';
import type { Context } from '../context.ts';
import { eventFrame } from '../log/frames.ts';
import { framesOfMessage } from '../log/log-store.ts';
import type { MessageRow } from '../log/message.ts';
import { type Change, change } from '../log/room-change.ts';
import { lockMessage } from '../messages/message-store.ts';
import { messagesWithFile, rewriteFrames, saveAttachments } from './erasure-store.ts';
import { withoutFile } from './frame-redaction.ts';

async function removeAttachment(c: Change, row: MessageRow, fileId: string, isGone: boolean): Promise<void> {
  const attachments = row.attachments.filter(({ id }) => id !== fileId);
  if (attachments.length === row.attachments.length) return;
  const updated_at = (await saveAttachments(c.trx, row.room_id, row.seq, attachments)).toISOString();
  const frames = await framesOfMessage(c.trx, row);
  await rewriteFrames(
    c.trx,
    row.room_id,
    frames.map(({ seq, frame }) => ({ seq, frame: withoutFile(frame, fileId) })),
  );
  if (isGone) return;
  const { id: message_id, content, mentions, is_edited, custom } = row;
  await c.append(row.room_id, [
    {
      sender: row.sender_id,
      message_id,
      frame: eventFrame('message_updated', row.room_id, {
        message_id,
        content,
        attachments,
        mentions,
        is_edited,
        updated_at,
        custom: custom ?? undefined,
      }),
    },
  ]);
}

export async function eraseFile(ctx: Context, fileId: string): Promise<void> {
  for (
    let found = await messagesWithFile(ctx.db, fileId);
    found.length > 0;
    found = await messagesWithFile(ctx.db, fileId)
  )
    for (const { room_id, seq } of found)
      await change(ctx, room_id, async (c) => {
        const room = await lockRoom(c.trx, room_id);
        await removeAttachment(c, await lockMessage(c.trx, room_id, seq), fileId, room?.deleted_at !== null);
      });
}
