// Erasure of a user from rooms and logs: messages become tombstones with `message_deleted` events,
// stored frames are redacted, memberships, reactions and positions are deleted. Every step is an
// idempotent transaction, so another instance can continue after a crash.

import { deleteFormerMember } from '../access/former-member-store.ts';
import { GENERAL } from '../access/general-room-store.ts';
import { adjustMemberCount, deleteMembers, findRole } from '../access/member-store.ts';
import { lockRoom, type RoomRow } from '../access/room-store.ts';
import type { Context } from '../context.ts';
import { emojiOf } from '../log/emoji.ts';
import { eventFrame } from '../log/frames.ts';
import { type Change, change } from '../log/room-change.ts';
import { closeRoom } from '../rooms/change-room.ts';
import { leaveRoom } from '../rooms/join-leave.ts';
import { ensureOwner } from '../rooms/owners.ts';
import { directRoomsOf } from './direct-room-store.ts';
import {
  deleteUserReactions,
  framesOfUser,
  hasContentIn,
  hasNoActiveMember,
  redactMessages,
  redactRoom,
  resetPosition,
  rewriteFrames,
  roomsWithTraces,
  type Span,
  seqRangeOf,
} from './erasure-store.ts';
import { redactFrames } from './frame-redaction.ts';

/** Locks a room for tens of milliseconds at most. */
const SPAN_SEQS = 1000;

async function eraseSpan(ctx: Context, userId: string, span: Span): Promise<void> {
  if (!(await hasContentIn(ctx.db, userId, span))) return;
  await change(ctx, span.room_id, async (c) => {
    const room = (await lockRoom(c.trx, span.room_id)) as RoomRow;
    const redacted = await redactMessages(c.trx, userId, span);
    await rewriteFrames(c.trx, span.room_id, redactFrames(await framesOfUser(c.trx, userId, span)));
    if (redacted.length === 0) return;
    if (room.deleted_at === null)
      await c.append(
        span.room_id,
        redacted.map(({ id, thread }) => ({
          sender: userId,
          frame: eventFrame('message_deleted', span.room_id, { message_id: id, ...thread }),
        })),
      );
    const deleted_at = new Date().toISOString();
    await c.recordFact('messages.deleted', {
      messages: redacted.map(({ id, created_at }) => ({
        id,
        room_id: span.room_id,
        created_at: created_at.toISOString(),
        deleted_at,
      })),
    });
  });
}

async function endMembership(c: Change, room: RoomRow, userId: string): Promise<void> {
  if ((await findRole(c.trx, room.id, userId)) === 'stranger') return;
  if (room.kind === 'direct') return await resetPosition(c.trx, userId, room.id);
  if (room.id === GENERAL) {
    await deleteMembers(c.trx, room.id, [userId]);
    await adjustMemberCount(c.trx, room.id, -1);
    return;
  }
  await leaveRoom(c, room.id, userId);
  await ensureOwner(c, room, userId);
}

/**
 * Erases reactions, name, topic and membership. Closes a room that only erased users could read.
 */
async function eraseFromRoom(ctx: Context, userId: string, roomId: string): Promise<void> {
  await change(ctx, roomId, async (c) => {
    const room = await lockRoom(c.trx, roomId);
    if (room === undefined) return;
    const reactions = await deleteUserReactions(c.trx, userId, roomId);
    const words = await redactRoom(c.trx, userId, roomId);
    await deleteFormerMember(c.trx, roomId, userId);
    if (room.deleted_at !== null) return;
    const events = [
      ...reactions.map(({ message_id, key, count }) =>
        eventFrame('reaction', roomId, { message_id, user_id: userId, emoji: emojiOf(key), action: 'removed', count }),
      ),
      ...(Object.keys(words).length === 0 ? [] : [eventFrame('room_updated', roomId, words)]),
    ];
    if (events.length > 0)
      await c.append(
        roomId,
        events.map((frame) => ({ sender: userId, frame })),
      );
    await endMembership(c, room, userId);
    // The leaving has just saved it again.
    await deleteFormerMember(c.trx, roomId, userId);
    if (room.kind !== 'public' && (await hasNoActiveMember(c.trx, roomId))) await closeRoom(c, room);
  });
  ctx.access.forget(roomId);
}

async function eraseInRoom(ctx: Context, userId: string, roomId: string): Promise<void> {
  await eraseFromRoom(ctx, userId, roomId);
  const { first, head } = await seqRangeOf(ctx.db, userId, roomId);
  for (let from = first; from < head; from += SPAN_SEQS)
    await eraseSpan(ctx, userId, { room_id: roomId, from, to: Math.min(from + SPAN_SEQS, head) });
}

/** Tells the other users of direct rooms, which take no sends any more. */
export async function tellPeers(ctx: Context, userId: string): Promise<void> {
  for (const roomId of await directRoomsOf(ctx.db, userId))
    await change(ctx, roomId, async (c) => {
      const room = await lockRoom(c.trx, roomId);
      if (room === undefined || room.deleted_at !== null) return;
      const frame = eventFrame('room_updated', roomId, { recipient_deleted: true });
      await c.append(roomId, [{ sender: userId, frame }]);
    });
}

export async function eraseUser(ctx: Context, userId: string): Promise<void> {
  for (const roomId of await roomsWithTraces(ctx.db, userId)) await eraseInRoom(ctx, userId, roomId);
}
