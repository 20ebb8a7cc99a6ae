// Rooms for the admin service, which has checked the role and writes the audit log. Admins need no
// membership.
import { AppError, notFound, type PageInfo, type Paging, page } from '@chatapi/kit';
import { GENERAL } from '../access/general-room-store.ts';
import { findRole, listMembers, type MemberKey } from '../access/member-store.ts';
import { lockRoom, type RoomRow } from '../access/room-store.ts';
import type { Context } from '../context.ts';
import { type Change, change } from '../log/room-change.ts';
import { recordTrace } from '../log/user-traces-store.ts';
import { requirePeople } from '../people/people.ts';
import { applyChanges, closeRoom, type RoomChanges } from '../rooms/change-room.ts';
import { enterRoom } from '../rooms/join-leave.ts';
import { type Member, toMembers } from '../rooms/members.ts';
import { assignRole } from '../rooms/owners.ts';
import {
  type AdminRoomFilter,
  type AdminRoomKey,
  type AdminRoomRow,
  findAdminRoom,
  findAdminRooms,
  findRoomsOf,
  type UserRoomRow,
} from './admin-rooms-store.ts';

type Raw = Omit<AdminRoomRow, 'at_us'>;

interface AdminRoom extends Omit<Raw, 'active_at'> {
  chat_id: string;
  visibility: 'public' | 'private';
  last_active_at: Date;
}

const toAdminRoom = <R extends Raw>({ active_at, at_us: _, ...row }: R & { at_us?: number }) => ({
  ...row,
  chat_id: row.id,
  visibility: row.kind === 'public' ? ('public' as const) : ('private' as const),
  last_active_at: active_at,
});

export async function listAdminRooms(
  ctx: Context,
  filter: AdminRoomFilter,
): Promise<{ rooms: AdminRoom[] } & PageInfo> {
  const found = await findAdminRooms(ctx.db, { ...filter, limit: filter.limit + 1 });
  const { rooms, ...info } = page('rooms', found, filter.limit, ({ at_us, id }) => [at_us, id]);
  return { rooms: rooms.map((row) => toAdminRoom(row)), ...info };
}

export async function readAdminRoom(ctx: Context, id: string): Promise<AdminRoom> {
  const row = await findAdminRoom(ctx.db, id);
  if (row === undefined) throw notFound('Room');
  return toAdminRoom(row);
}

type UserRoom = AdminRoom & Pick<UserRoomRow, 'role' | 'joined_at'>;

export async function listRoomsOf(
  ctx: Context,
  userId: string,
  paging: Paging<AdminRoomKey>,
): Promise<{ rooms: UserRoom[] } & PageInfo> {
  const found = await findRoomsOf(ctx.db, userId, { ...paging, limit: paging.limit + 1 });
  const { rooms, ...info } = page('rooms', found, paging.limit, ({ at_us, id }) => [at_us, id]);
  return { rooms: rooms.map((row) => toAdminRoom(row)), ...info };
}

/** @throws AppError RESOURCE_NOT_FOUND */
export async function listMembersForAdmin(
  ctx: Context,
  roomId: string,
  paging: Paging<MemberKey>,
): Promise<{ members: Member[] } & PageInfo> {
  await readAdminRoom(ctx, roomId);
  const found = await listMembers(ctx.db, roomId, { ...paging, limit: paging.limit + 1 });
  const { members, ...info } = page('members', found, paging.limit, ({ joined_us, user_id }) => [joined_us, user_id]);
  return { members: await toMembers(ctx, members), ...info };
}

export interface AdminRoomChanges extends Omit<RoomChanges, 'slow_mode_seconds'> {
  owner_id?: string;
}

/** `general` stays public without an owner; two people share a direct room for ever. */
function requirePossible({ id, kind }: RoomRow, { name, topic, visibility, owner_id }: AdminRoomChanges): void {
  if (id === GENERAL && ((visibility ?? kind) !== kind || owner_id !== undefined))
    throw new AppError('CONFLICT', 'general stays public and has no owner');
  if (kind === 'direct' && [name, topic, visibility, owner_id].some((value) => value !== undefined))
    throw new AppError('CONFLICT', 'Of a direct room only `archived` can be changed');
}

async function makeOwner(c: Change, roomId: string, actorId: string, userId: string): Promise<void> {
  const role = await findRole(c.trx, roomId, userId);
  if (role === 'stranger') await enterRoom(c, roomId, [{ user_id: userId, role: 'owner' }]);
  else if (role !== 'owner') await assignRole(c, roomId, actorId, userId, 'owner');
}

async function lockedRoom(c: Change, id: string): Promise<RoomRow> {
  const room = await lockRoom(c.trx, id);
  if (room === undefined || room.deleted_at !== null) throw notFound('Room');
  return room;
}

/** @throws AppError RESOURCE_NOT_FOUND; CONFLICT for what `general` and direct rooms cannot be. */
export async function changeRoomForAdmin(
  ctx: Context,
  id: string,
  actorId: string,
  { owner_id, ...changes }: AdminRoomChanges,
): Promise<AdminRoom> {
  if (owner_id !== undefined) await requirePeople(ctx, [owner_id]);
  await change(ctx, id, async (c) => {
    const room = await lockedRoom(c, id);
    requirePossible(room, { owner_id, ...changes });
    await applyChanges(c, room, actorId, changes);
    if (owner_id !== undefined) await makeOwner(c, id, actorId, owner_id);
    // The admin may not be a member: an erasure of their account must find the room.
    await recordTrace(c.trx, [actorId], id);
  });
  return await readAdminRoom(ctx, id);
}

/** @throws AppError RESOURCE_NOT_FOUND; CONFLICT for `general` and direct rooms. */
export async function deleteRoomForAdmin(ctx: Context, id: string): Promise<void> {
  await change(ctx, id, async (c) => {
    const room = await lockedRoom(c, id);
    if (id === GENERAL) throw new AppError('CONFLICT', 'general can’t be deleted');
    // Its id is made of the users' ids and would stay taken: they could never talk again.
    if (room.kind === 'direct') throw new AppError('CONFLICT', 'A direct room can’t be deleted, only archived');
    await closeRoom(c, room);
  });
  ctx.access.forget(id);
}
