// Owns: what happens to a message after it was sent: edit, delete. Each is an event of the room with the next seq.
import { AppError, type Caller, invalidField, notFound } from '@chatapi/kit';
import { readableMessage } from './access.ts';
import { type Acting, tellAct } from './acts.ts';
import { type Change, change } from './change.ts';
import type { Context } from './context.ts';
import { eventFrame, type Message } from './frames.ts';
import { scrubFrames } from './log-store.ts';
import { mentionedNames, mentionsOf } from './mentions.ts';
import {
  entomb,
  findMessage,
  lockMessage,
  type MessageRow,
  type ShownRow,
  saveContent,
  toMessages,
} from './message-store.ts';
import { namedPeople } from './people-store.ts';
import { may, type Standing } from './permissions.ts';
import { clearReactions } from './reaction-store.ts';
import { lockRoom } from './room-store.ts';
import { demandVoice } from './voice.ts';
import { blockedError } from './words.ts';

/** Room first, message second: the order in which everything locks. */
export async function lockedMessage(c: Change, { room_id, seq }: MessageRow): Promise<MessageRow> {
  const room = await lockRoom(c.trx, room_id);
  if (room === undefined || room.deleted_at !== null) throw notFound('Message');
  return await lockMessage(c.trx, room_id, seq);
}

/** Only its sender edits, unless muted; a deleted message is CONFLICT. The same text again changes nothing. */
export async function editMessage(ctx: Context, caller: Caller, id: string, wanted: string): Promise<Message> {
  const { text: content, blocked } = ctx.words.judge(wanted);
  const { row } = await readableMessage(ctx.reads, id, caller.user_id);
  if (row.sender_id !== caller.user_id) throw new AppError('AUTHORIZATION_ERROR', 'Only its sender may edit a message');
  if (blocked) throw blockedError();
  await change(ctx, row.room_id, async (c) => {
    const now = await lockedMessage(c, row);
    if (now.is_deleted) throw new AppError('CONFLICT', 'The message was deleted');
    await demandVoice(c.trx, now.room_id, caller.user_id);
    if (content === '' && now.attachments.length === 0)
      throw invalidField('content', 'content must have 1–4000 characters after markup is removed');
    if (content === now.content) return;
    const names = mentionedNames(content);
    const updated_at = await saveContent(
      c.trx,
      now,
      content,
      mentionsOf(names, await namedPeople(c.trx, names.flat())),
    );
    const fields = {
      message_id: id,
      content,
      attachments: now.attachments,
      is_edited: true,
      updated_at: updated_at.toISOString(),
    };
    await c.append(now.room_id, [
      { sender: caller.user_id, message_id: id, frame: eventFrame('message_updated', now.room_id, fields) },
    ]);
  });
  return (await toMessages(ctx, caller.user_id, [(await findMessage(ctx.db, id)) as ShownRow]))[0] as Message;
}

/** `also`: what else belongs to the act. */
async function bury(
  ctx: Context,
  row: MessageRow,
  actor_id: string,
  also: (c: Change) => Promise<void> = async () => undefined,
): Promise<void> {
  await change(ctx, row.room_id, async (c) => {
    const now = await lockedMessage(c, row);
    if (now.is_deleted) return;
    const deleted_at = (await entomb(c.trx, now)).toISOString();
    await clearReactions(c.trx, now);
    await scrubFrames(c.trx, now);
    await c.append(now.room_id, [
      { sender: actor_id, frame: eventFrame('message_deleted', now.room_id, { message_id: now.id }) },
    ]);
    await c.tell('messages.deleted', {
      messages: [{ id: now.id, room_id: now.room_id, created_at: now.created_at.toISOString(), deleted_at }],
    });
    await also(c);
  });
}

/** An admin's right alone, in a room or out of it: on record. */
async function deleteAsAdmin(ctx: Context, caller: Acting, id: string): Promise<void> {
  const row = await findMessage(ctx.db, id);
  if (row === undefined) throw notFound('Message');
  await bury(ctx, row, caller.user_id, (c) =>
    row.sender_id === caller.user_id
      ? Promise.resolve()
      : tellAct(c, caller, 'message.delete', id, { chat_id: row.room_id }),
  );
}

/** Its sender, the room’s staff, any admin. Deleting twice is deleting once. */
export async function deleteMessage(ctx: Context, caller: Acting, id: string): Promise<void> {
  if (caller.role === 'admin') return await deleteAsAdmin(ctx, caller, id);
  const seen = await readableMessage(ctx.reads, id, caller.user_id);
  const standing: Standing = seen.room.role ?? 'stranger';
  const allowed =
    seen.row.sender_id === caller.user_id || may('delete_message', seen.room.kind, standing, seen.room.id);
  if (!allowed)
    throw new AppError('AUTHORIZATION_ERROR', 'Only its sender and the room’s moderators may delete a message');
  await bury(ctx, seen.row, caller.user_id);
}

/** By an admin, in any room. The caller has checked that the actor is one, and has it on record. */
export async function removeMessage(ctx: Context, id: string, actor_id: string): Promise<void> {
  const row = await findMessage(ctx.db, id);
  if (row === undefined) throw notFound('Message');
  await bury(ctx, row, actor_id);
}
