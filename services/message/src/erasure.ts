// Owns: a person's way out of the log. Their messages become tombstones as if each had been deleted, and connected clients
// are told so; frames keep their places and lose their text; memberships, reactions and positions go. Every step is a
// transaction that may be repeated, so whoever dies in the middle leaves the rest to the next one.
import { type Change, change } from './change.ts';
import type { Context } from './context.ts';
import { emptyRoom, leaveRoom } from './enter.ts';
import { blankFrames } from './erased-frames.ts';
import {
  blankMessages,
  blankRoom,
  extentOf,
  forgetPosition,
  framesOf,
  isDeserted,
  rewriteFrames,
  roomsWithTraces,
  type Span,
  standsIn,
  takeReactions,
} from './erasure-store.ts';
import { eventFrame } from './frames.ts';
import { GENERAL } from './general-store.ts';
import { deleteMembers, findRole, recount } from './member-store.ts';
import { handOver } from './members.ts';
import { buryRoom, lockRoom, type RoomRow } from './room-store.ts';

/** Small enough that a room waits for tens of milliseconds at most. */
const SPAN = 1000;

async function eraseSpan(ctx: Context, userId: string, span: Span): Promise<void> {
  if (!(await standsIn(ctx.db, userId, span))) return;
  await change(ctx, span.room_id, async (c) => {
    const room = (await lockRoom(c.trx, span.room_id)) as RoomRow;
    const buried = await blankMessages(c.trx, userId, span);
    await rewriteFrames(c.trx, span.room_id, blankFrames(await framesOf(c.trx, userId, span)));
    if (buried.length === 0) return;
    if (room.deleted_at === null)
      await c.append(
        span.room_id,
        buried.map(({ id }) => ({
          sender: userId,
          frame: eventFrame('message_deleted', span.room_id, { message_id: id }),
        })),
      );
    const deleted_at = new Date().toISOString();
    await c.tell('messages.deleted', {
      messages: buried.map(({ id, created_at }) => ({
        id,
        room_id: span.room_id,
        created_at: created_at.toISOString(),
        deleted_at,
      })),
    });
  });
}

async function close(c: Change, room: RoomRow): Promise<void> {
  await emptyRoom(c, room.id, room.last_seq);
  await buryRoom(c.trx, room.id);
  await c.tell('room.deleted', { room_id: room.id, deleted_at: new Date().toISOString() });
}

async function goOut(c: Change, room: RoomRow, userId: string): Promise<void> {
  if ((await findRole(c.trx, room.id, userId)) === 'stranger') return;
  if (room.kind === 'direct') return await forgetPosition(c.trx, userId, room.id);
  if (room.id === GENERAL) {
    await deleteMembers(c.trx, room.id, [userId]);
    await recount(c.trx, room.id, -1);
    return;
  }
  await leaveRoom(c, room.id, userId);
  await handOver(c, room.id, userId);
}

/** Membership, reactions, the room's own words; a room that only erased people could still read is closed. */
async function eraseFromRoom(ctx: Context, userId: string, roomId: string): Promise<void> {
  await change(ctx, roomId, async (c) => {
    const room = await lockRoom(c.trx, roomId);
    if (room === undefined) return;
    const reactions = await takeReactions(c.trx, userId, roomId);
    const words = await blankRoom(c.trx, userId, roomId);
    if (room.deleted_at !== null) return;
    const told = [
      ...reactions.map((one) => ['reaction', { ...one, user_id: userId, action: 'removed' }] as const),
      ...(Object.keys(words).length === 0 ? [] : [['room_updated', words] as const]),
    ];
    if (told.length > 0)
      await c.append(
        roomId,
        told.map(([type, fields]) => ({ sender: userId, frame: eventFrame(type, roomId, fields) })),
      );
    await goOut(c, room, userId);
    if (room.kind !== 'public' && (await isDeserted(c.trx, roomId))) await close(c, room);
  });
  ctx.access.forget(roomId);
}

async function eraseInRoom(ctx: Context, userId: string, roomId: string): Promise<void> {
  await eraseFromRoom(ctx, userId, roomId);
  const { first, head } = await extentOf(ctx.db, userId, roomId);
  for (let from = first; from < head; from += SPAN)
    await eraseSpan(ctx, userId, { room_id: roomId, from, to: Math.min(from + SPAN, head) });
}

export async function erasePerson(ctx: Context, userId: string): Promise<void> {
  for (const roomId of await roomsWithTraces(ctx.db, userId)) await eraseInRoom(ctx, userId, roomId);
}
