// Rooms by id for a caller. Missing and unreadable rooms give the same 404.

import { directRoomId, notFound } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Knex, PipelinedPool } from '@chatapi/kit/data';
import { findRole } from './member-store.ts';
import { type Action, type Membership, requirePermission } from './room-permissions.ts';
import { findRoomForUser, lockRoom, type RoomForUser, type RoomRow } from './room-store.ts';

/** @throws AppError RESOURCE_NOT_FOUND. */
export const requireReadable = (room: Pick<RoomForUser, 'id' | 'kind' | 'role'>): void =>
  requirePermission('read', room, room.role ?? 'stranger');

/** @throws AppError RESOURCE_NOT_FOUND. */
export function requireRoom<R extends Pick<RoomForUser, 'id' | 'kind' | 'role'>>(room: R | undefined): R {
  if (room === undefined) throw notFound('Room');
  requireReadable(room);
  return room;
}

/** @throws AppError RESOURCE_NOT_FOUND. */
export const readableRoom = async (reads: PipelinedPool, id: string, userId: string): Promise<RoomForUser> =>
  requireRoom(await findRoomForUser(reads, id, userId));

/** Locks the room. @throws AppError RESOURCE_NOT_FOUND or AUTHORIZATION_ERROR. */
export async function roomToChange(
  trx: Knex,
  id: string,
  userId: string,
  action: Action,
): Promise<{ room: RoomRow; membership: Membership }> {
  const room = await lockRoom(trx, id);
  if (room === undefined || room.deleted_at !== null) throw notFound('Room');
  const membership = await findRole(trx, id, userId);
  requirePermission(action, room, membership);
  return { room, membership };
}

/** The room id of a request with `chat_id`, or with `recipient_id` for a direct room. */
export const namedRoom = (
  caller: Pick<Caller, 'user_id'>,
  { chat_id, recipient_id }: { chat_id?: string; recipient_id?: string },
): string | undefined =>
  chat_id ?? (recipient_id === undefined ? undefined : directRoomId(caller.user_id, recipient_id));
