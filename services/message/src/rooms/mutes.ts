// Muting and unmuting. Enforced in access/mute-check.ts and sending/may-send.ts.
import { AppError, notFound } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import { findRole } from '../access/member-store.ts';
import { deleteMute, findMute, saveMute } from '../access/mute-store.ts';
import { type Membership, may, mayModerate, requirePermission } from '../access/room-permissions.ts';
import { lockRoom, type RoomRow } from '../access/room-store.ts';
import type { Context } from '../context.ts';
import { type ActingCaller, recordAudit } from '../log/audit.ts';
import { eventFrame } from '../log/frames.ts';
import { type Change, change } from '../log/room-change.ts';
import { installationRoleOf } from '../people/people.ts';
import { type Member, readMember } from './members.ts';

/** The end of a mute without an end. Clients always compare with a time. */
const FOREVER = new Date('9999-12-31T23:59:59.999Z');

/** Locks the room. Admins may moderate rooms of which they are not members. */
async function roomToModerate(
  trx: Knex,
  id: string,
  caller: ActingCaller,
): Promise<{ room: RoomRow; membership: Membership }> {
  const room = await lockRoom(trx, id);
  if (room === undefined || room.deleted_at !== null) throw notFound('Room');
  const membership = await findRole(trx, id, caller.user_id);
  if (!mayModerate(room, membership, caller.role)) requirePermission('moderate', room, membership);
  return { room, membership };
}

async function requireMayMute(
  trx: Knex,
  room: RoomRow,
  membership: Membership,
  caller: ActingCaller,
  userId: string,
): Promise<void> {
  const theirs = await findRole(trx, room.id, userId);
  const isStaff = theirs === 'owner' || theirs === 'moderator';
  if (isStaff && caller.role !== 'admin' && !may('remove_staff', room.kind, membership, room.id))
    throw new AppError('AUTHORIZATION_ERROR', 'Only owners and admins may mute those who moderate a room');
}

/** Appends an event, and records an audit event unless the room's own staff did it. */
async function publishMute(
  c: Change,
  { room, membership }: { room: RoomRow; membership: Membership },
  caller: ActingCaller,
  userId: string,
  until: Date | null,
): Promise<void> {
  const role = await findRole(c.trx, room.id, userId);
  const muted_until = until?.toISOString() ?? null;
  const member = { user_id: userId, role: role === 'stranger' ? null : role, muted_until };
  await c.append(room.id, [{ sender: caller.user_id, frame: eventFrame('room_updated', room.id, { member }) }]);
  if (may('moderate', room.kind, membership, room.id)) return;
  await recordAudit(c, caller, until === null ? 'member.unmute' : 'member.mute', userId, {
    chat_id: room.id,
    muted_until,
  });
}

/** Of strangers anything may be the id, so auth is not asked. */
const isInstallationStaff = async (ctx: Context, roomId: string, userId: string): Promise<boolean> =>
  (await findRole(ctx.db, roomId, userId)) !== 'stranger' && (await installationRoleOf(ctx, userId)) !== 'user';

type Admit = (trx: Knex) => Promise<{ room: RoomRow; membership: Membership }>;

/** @param admit locks the room and says what the caller is there. */
async function mute(
  ctx: Context,
  caller: ActingCaller,
  { roomId, userId, until }: { roomId: string; userId: string; until: string | null },
  admit: Admit,
): Promise<void> {
  const wanted = until === null ? FOREVER : new Date(until);
  const isProtected = caller.role !== 'admin' && (await isInstallationStaff(ctx, roomId, userId));
  await change(ctx, roomId, async (c) => {
    const { room, membership } = await admit(c.trx);
    if ((await findRole(c.trx, roomId, userId)) === 'stranger') throw notFound('Member');
    await requireMayMute(c.trx, room, membership, caller, userId);
    if (isProtected) throw new AppError('AUTHORIZATION_ERROR', 'Only admins may mute admins and moderators');
    const now = await findMute(c.trx, roomId, userId);
    if (now?.getTime() === wanted.getTime()) return;
    await saveMute(c.trx, roomId, userId, wanted);
    await publishMute(c, { room, membership }, caller, userId, wanted);
  });
  ctx.access.forget(roomId);
}

/** @param until ISO time; null: until unmuted. Idempotent. */
export async function muteMember(
  ctx: Context,
  caller: ActingCaller,
  roomId: string,
  userId: string,
  until: string | null,
): Promise<Member> {
  await mute(ctx, caller, { roomId, userId, until }, (trx) => roomToModerate(trx, roomId, caller));
  return await readMember(ctx, roomId, userId);
}

/** Who mutes, because of a report; the admin service has checked the role. */
export interface StaffMute {
  actor_id: string;
  role: Role;
  ip: string;
  until: string | null;
}

/**
 * In any room but a direct one, whether or not the actor may read it.
 * @throws AppError RESOURCE_NOT_FOUND; CONFLICT in a direct room.
 */
export async function muteForStaff(
  ctx: Context,
  { actor_id: user_id, role, ip, until, request_id }: StaffMute & { request_id: string },
  roomId: string,
  userId: string,
): Promise<void> {
  const caller: ActingCaller = { kind: 'user', user_id, session_id: '', role, ip, request_id };
  await mute(ctx, caller, { roomId, userId, until }, async (trx) => {
    const room = await lockRoom(trx, roomId);
    if (room === undefined || room.deleted_at !== null) throw notFound('Room');
    if (room.kind === 'direct') throw new AppError('CONFLICT', 'Nobody is muted in a direct room');
    return { room, membership: await findRole(trx, roomId, user_id) };
  });
}

/** Idempotent. */
export async function unmuteMember(ctx: Context, caller: ActingCaller, roomId: string, userId: string): Promise<void> {
  await change(ctx, roomId, async (c) => {
    const { room, membership } = await roomToModerate(c.trx, roomId, caller);
    await requireMayMute(c.trx, room, membership, caller, userId);
    if ((await findMute(c.trx, roomId, userId)) === undefined) return;
    await deleteMute(c.trx, roomId, userId);
    await publishMute(c, { room, membership }, caller, userId, null);
  });
}
