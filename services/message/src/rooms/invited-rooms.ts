// Makes people members of the rooms of their invite. The order and the membership change in one
// transaction: a process that dies leaves the order to the next one, and none is executed twice.
import { every, type RecurringTask } from '@chatapi/kit';
import { GENERAL } from '../access/general-room-store.ts';
import { lockRoom, type RoomRow } from '../access/room-store.ts';
import type { Context } from '../context.ts';
import { change } from '../log/room-change.ts';
import { dueRooms, postponeAdmissions, takeAdmissions } from './invited-room-store.ts';
import { admit } from './owners.ts';

const POLL_MS = 500;
const ROOMS_AT_ONCE = 100;
const RETRY_S = 10;

/** A room may have been deleted since the invite was made. */
const isOpen = (room: RoomRow | undefined): room is RoomRow =>
  room !== undefined && room.deleted_at === null && room.kind !== 'direct' && room.id !== GENERAL;

export const admitInvited = (ctx: Context, roomId: string): Promise<void> =>
  change(ctx, roomId, async (c) => {
    const room = await lockRoom(c.trx, roomId);
    const users = await takeAdmissions(c.trx, roomId);
    if (isOpen(room) && users.length > 0) await admit(c, room, users);
  });

async function admitOrPostpone(ctx: Context, roomId: string): Promise<void> {
  try {
    await admitInvited(ctx, roomId);
  } catch (err) {
    ctx.log.warn({ err: (err as Error).message, room_id: roomId }, 'invited people not admitted; will retry');
    await postponeAdmissions(ctx.db, roomId, RETRY_S);
  }
}

export const startAdmissions = (ctx: Context): RecurringTask =>
  every(
    POLL_MS,
    async (closing) => {
      for (const roomId of await dueRooms(ctx.reads, ROOMS_AT_ONCE)) {
        if (closing.aborted) return;
        await admitOrPostpone(ctx, roomId);
      }
    },
    (err) => ctx.log.warn({ err: err.message }, 'admissions not read; will retry'),
  );
