// Owns: who is muted in a room, by whom and until when. Does not own: what muted people can't do (voice.ts, send-resolve.ts).
import { AppError, type Knex, notFound } from '@chatapi/kit';
import { type Acting, tellAct } from './acts.ts';
import { type Change, change } from './change.ts';
import type { Context } from './context.ts';
import { eventFrame } from './frames.ts';
import { findRole } from './member-store.ts';
import { type Member, memberView } from './members.ts';
import { deleteMute, findMute, saveMute } from './mute-store.ts';
import { demand, may, moderates, type Standing } from './permissions.ts';
import { lockRoom, type RoomRow } from './room-store.ts';

/** A mute without an end, as clients see it: one comparison tells them whether it holds. */
const FOREVER = new Date('9999-12-31T23:59:59.999Z');

/** Locks the room for whoever moderates it. Admins do so in rooms that they are not in, too. */
async function roomToModerate(trx: Knex, id: string, caller: Acting): Promise<{ room: RoomRow; standing: Standing }> {
  const room = await lockRoom(trx, id);
  if (room === undefined || room.deleted_at !== null) throw notFound('Room');
  const standing = await findRole(trx, id, caller.user_id);
  if (!moderates(room, standing, caller.role)) demand('moderate', room, standing);
  return { room, standing };
}

async function mayTouch(trx: Knex, room: RoomRow, standing: Standing, caller: Acting, userId: string): Promise<void> {
  const theirs = await findRole(trx, room.id, userId);
  const isStaff = theirs === 'owner' || theirs === 'moderator';
  if (isStaff && caller.role !== 'admin' && !may('remove_staff', room.kind, standing, room.id))
    throw new AppError('AUTHORIZATION_ERROR', 'Only owners and admins may mute those who moderate a room');
}

/** An event of the room; on record when it was not the room's own staff. */
async function tellMute(
  c: Change,
  { room, standing }: { room: RoomRow; standing: Standing },
  caller: Acting,
  userId: string,
  until: Date | null,
): Promise<void> {
  const role = await findRole(c.trx, room.id, userId);
  const muted_until = until?.toISOString() ?? null;
  const member = { user_id: userId, role, muted_until };
  await c.append(room.id, [{ sender: caller.user_id, frame: eventFrame('room_updated', room.id, { member }) }]);
  if (may('moderate', room.kind, standing, room.id)) return;
  await tellAct(c, caller, until === null ? 'member.unmute' : 'member.mute', userId, { chat_id: room.id, muted_until });
}

/** `until` in ISO; null: until unmuted. The same mute again changes nothing. */
export async function muteMember(
  ctx: Context,
  caller: Acting,
  roomId: string,
  userId: string,
  until: string | null,
): Promise<Member> {
  const wanted = until === null ? FOREVER : new Date(until);
  await change(ctx, roomId, async (c) => {
    const { room, standing } = await roomToModerate(c.trx, roomId, caller);
    if ((await findRole(c.trx, roomId, userId)) === 'stranger') throw notFound('Member');
    await mayTouch(c.trx, room, standing, caller, userId);
    const now = await findMute(c.trx, roomId, userId);
    if (now?.getTime() === wanted.getTime()) return;
    await saveMute(c.trx, roomId, userId, wanted);
    await tellMute(c, { room, standing }, caller, userId, wanted);
  });
  ctx.access.forget(roomId);
  return await memberView(ctx, roomId, userId);
}

/** Who is not muted stays so. */
export async function unmuteMember(ctx: Context, caller: Acting, roomId: string, userId: string): Promise<void> {
  await change(ctx, roomId, async (c) => {
    const { room, standing } = await roomToModerate(c.trx, roomId, caller);
    await mayTouch(c.trx, room, standing, caller, userId);
    if ((await findMute(c.trx, roomId, userId)) === undefined) return;
    await deleteMute(c.trx, roomId, userId);
    await tellMute(c, { room, standing }, caller, userId, null);
  });
}
