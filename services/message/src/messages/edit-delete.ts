import { AppError, type Custom, checkedCustom, invalidFields, mergePatch, notFound } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import { requireNotArchived } from '../access/archive.ts';
import { requireRecipient } from '../access/erased-peer.ts';
import { requireNotMuted } from '../access/mute-check.ts';
import { type Membership, may } from '../access/room-permissions.ts';
import { lockRoom, type RoomRow } from '../access/room-store.ts';
import { takeInterval } from '../access/slow-mode-of-edits.ts';
import { emptyContent, orNone } from '../content-field.ts';
import type { Context } from '../context.ts';
import { type ActingCaller, recordAudit } from '../log/audit.ts';
import { eventFrame } from '../log/frames.ts';
import type { Message, MessageRow } from '../log/message.ts';
import { redactStoredFrames } from '../log/redaction-store.ts';
import { type Change, change } from '../log/room-change.ts';
import { findIdsByUsername } from '../people/people-store.ts';
import { blockedError } from '../word-filter/word-list.ts';
import { mentionedNames, mentionsOf } from './mentions.ts';
import {
  findMessage,
  lockMessage,
  type MessageWithReactions,
  saveEdit,
  saveTombstone,
  toMessages,
} from './message-store.ts';
import { clearReactions } from './reaction-store.ts';
import { readableMessage } from './require-readable.ts';

/** Of edits that meet another one while the hook is asked. */
const MAX_ROUNDS = 5;

/** Locks the room, then the message: the lock order of all changes. */
export async function lockedMessage(
  c: Change,
  { room_id, seq }: MessageRow,
): Promise<{ room: RoomRow; now: MessageRow }> {
  const room = await lockRoom(c.trx, room_id);
  if (room === undefined || room.deleted_at !== null) throw notFound('Message');
  return { room, now: await lockMessage(c.trx, room_id, seq) };
}

export interface Edit {
  content?: string;
  /** A merge patch. */
  custom?: Custom;
}

/** What an edit makes of a message. */
interface Edited {
  content: string;
  custom: Custom | undefined;
}

type Bearer = Pick<MessageRow, 'content' | 'custom'>;

const isSame = (one: Bearer, other: Bearer): boolean =>
  one.content === other.content && JSON.stringify(one.custom ?? null) === JSON.stringify(other.custom ?? null);

/** @throws AppError VALIDATION_ERROR when `custom` would become too much. */
const editOf = (row: Bearer, { content = row.content, custom }: Edit): Edited => ({
  content,
  custom: custom === undefined ? (row.custom ?? undefined) : orNone(checkedCustom(mergePatch(row.custom, custom))),
});

/**
 * @returns what the hook before messages makes of it; undefined: it was not asked.
 * @throws what it decides.
 */
async function askAboutEdit(
  ctx: Context,
  { role }: Caller,
  row: MessageRow,
  wanted: Edited,
): Promise<Edited | undefined> {
  const { room_id: chat_id, sender_id: user_id, id: message_id } = row;
  if (isSame(wanted, row) || row.is_deleted || !ctx.beforeMessage.asksFor(chat_id)) return undefined;
  const { recipient_id, message_type, attachments, reply_to } = row;
  const shown = { recipient_id, message_type, attachments, reply_to, client_id: null };
  const sender = { user_id, role };
  const verdict = await ctx.beforeMessage.ask({ action: 'edit', chat_id, sender, message_id, ...wanted, ...shown });
  if (verdict.kind === 'refuse') throw verdict.error;
  if (verdict.kind === 'accept') return wanted;
  const { content, custom } = verdict;
  const { text, blocked } = content === undefined ? { text: wanted.content } : ctx.words.judge(content);
  if (blocked) throw blockedError();
  return { content: text, custom: custom === undefined ? wanted.custom : orNone(custom) };
}

/** Saves an edit of a locked message, with its event. */
async function saveAndTell(c: Change, now: MessageRow, { content, custom }: Edited): Promise<void> {
  const names = mentionedNames(content);
  const changed =
    content === now.content
      ? undefined
      : { content, ...mentionsOf(names, await findIdsByUsername(c.trx, names.flat())) };
  const updated_at = await saveEdit(c.trx, now, custom, changed);
  const { id: message_id, room_id, sender_id: sender, attachments } = now;
  const fields = {
    message_id,
    content,
    attachments,
    mentions: changed?.mentions ?? now.mentions,
    is_edited: true,
    updated_at: updated_at.toISOString(),
    custom,
  };
  await c.append(room_id, [{ sender, message_id, frame: eventFrame('message_updated', room_id, fields) }]);
}

/** @returns false: the message has changed since the hook was asked, which must be asked again. */
async function tryEdit(ctx: Context, caller: Caller, row: MessageRow, wanted: Edit): Promise<boolean> {
  const asked = editOf(row, wanted);
  const judged = await askAboutEdit(ctx, caller, row, asked);
  return await change(ctx, row.room_id, async (c) => {
    const { room, now } = await lockedMessage(c, row);
    if (now.is_deleted) throw new AppError('CONFLICT', 'The message was deleted');
    requireNotArchived(room, caller.role);
    await requireRecipient(c.trx, room);
    await requireNotMuted(c.trx, now.room_id, caller.user_id);
    if (wanted.content === '' && now.attachments.length === 0) throw invalidFields([emptyContent()]);
    const edited = editOf(now, wanted);
    if (judged !== undefined && !isSame(edited, asked)) return false;
    const next = judged ?? edited;
    if (isSame(next, now)) return true;
    await takeInterval(c.trx, room, caller.user_id);
    await saveAndTell(c, now, next);
    return true;
  });
}

/**
 * Only the sender may edit, unless muted. A deleted message is CONFLICT. What the message has
 * already is no change.
 */
export async function editMessage(ctx: Context, caller: Caller, id: string, edit: Edit): Promise<Message> {
  const { text, blocked } = edit.content === undefined ? {} : ctx.words.judge(edit.content);
  const { row } = await readableMessage(ctx.reads, id, caller.user_id);
  if (row.sender_id !== caller.user_id) throw new AppError('AUTHORIZATION_ERROR', 'Only its sender may edit a message');
  if (blocked) throw blockedError();
  const wanted = { ...edit, content: text };
  let tried: MessageRow = row;
  for (let round = 1; !(await tryEdit(ctx, caller, tried, wanted)); round++) {
    if (round === MAX_ROUNDS) throw new AppError('CONFLICT', 'The message is being changed');
    tried = (await readableMessage(ctx.reads, id, caller.user_id)).row;
  }
  return (
    await toMessages(ctx, caller.user_id, [(await findMessage(ctx.db, id, caller.user_id)) as MessageWithReactions])
  )[0] as Message;
}

/** @param also more work in the same transaction. */
async function softDelete(
  ctx: Context,
  row: MessageRow,
  { user_id: actor_id, role }: Pick<Caller, 'user_id' | 'role'>,
  also: (c: Change) => Promise<void> = async () => undefined,
): Promise<void> {
  await change(ctx, row.room_id, async (c) => {
    const { room, now } = await lockedMessage(c, row);
    if (now.is_deleted) return;
    requireNotArchived(room, role);
    const { updated_at, thread } = await saveTombstone(c.trx, now);
    const deleted_at = updated_at.toISOString();
    await clearReactions(c.trx, now);
    await redactStoredFrames(c.trx, now);
    await c.append(now.room_id, [
      { sender: actor_id, frame: eventFrame('message_deleted', now.room_id, { message_id: now.id, ...thread }) },
    ]);
    await c.recordFact('messages.deleted', {
      messages: [{ id: now.id, room_id: now.room_id, created_at: now.created_at.toISOString(), deleted_at }],
    });
    await also(c);
  });
}

/** Admins need no membership. An audit event is recorded unless the message is their own. */
async function deleteAsAdmin(ctx: Context, caller: ActingCaller, id: string): Promise<void> {
  const row = await findMessage(ctx.db, id, caller.user_id);
  if (row === undefined) throw notFound('Message');
  await softDelete(ctx, row, caller, (c) =>
    row.sender_id === caller.user_id
      ? Promise.resolve()
      : recordAudit(c, caller, 'message.delete', id, { chat_id: row.room_id }),
  );
}

/** Allowed for its sender, the room’s staff and admins. Idempotent. */
export async function deleteMessage(ctx: Context, caller: ActingCaller, id: string): Promise<void> {
  if (caller.role === 'admin') return await deleteAsAdmin(ctx, caller, id);
  const seen = await readableMessage(ctx.reads, id, caller.user_id);
  const membership: Membership = seen.room.role ?? 'stranger';
  const allowed =
    seen.row.sender_id === caller.user_id || may('delete_message', seen.room.kind, membership, seen.room.id);
  if (!allowed)
    throw new AppError('AUTHORIZATION_ERROR', 'Only its sender and the room’s moderators may delete a message');
  await softDelete(ctx, seen.row, caller);
}

/** In any room. The calling service has checked the admin role and recorded the audit event. */
export async function deleteMessageForAdmin(ctx: Context, id: string, actor_id: string): Promise<void> {
  const row = await findMessage(ctx.db, id, actor_id);
  if (row === undefined) throw notFound('Message');
  await softDelete(ctx, row, { user_id: actor_id, role: 'admin' });
}
