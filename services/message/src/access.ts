// Owns: from an id in a request to the room or message behind it, if this caller may know of it; else the same 404 for all.
import { type Caller, type Knex, notFound } from '@chatapi/kit';
import { directId } from './direct.ts';
import { findRole } from './member-store.ts';
import { findMessage, type MessageRow } from './message-store.ts';
import { type Action, demand, type Standing } from './permissions.ts';
import { findRoom, lockRoom, type RoomRow, type SeenRoom } from './room-store.ts';

/** @throws AppError RESOURCE_NOT_FOUND. */
export async function readableRoom(db: Knex, id: string, userId: string): Promise<SeenRoom> {
  const room = await findRoom(db, id, userId);
  if (room === undefined) throw notFound('Room');
  demand('read', room, room.role ?? 'stranger');
  return room;
}

/** Locks the room for a change that this caller may make. */
export async function roomToChange(
  trx: Knex,
  id: string,
  userId: string,
  action: Action,
): Promise<{ room: RoomRow; standing: Standing }> {
  const room = await lockRoom(trx, id);
  if (room === undefined || room.deleted_at !== null) throw notFound('Room');
  const standing = await findRole(trx, id, userId);
  demand(action, room, standing);
  return { room, standing };
}

/** @throws AppError RESOURCE_NOT_FOUND, also for a message in a room that the caller may not read. */
export async function readableMessage(
  db: Knex,
  id: string,
  userId: string,
): Promise<{ row: MessageRow; room: SeenRoom }> {
  const row = await findMessage(db, id);
  const room = row && (await findRoom(db, row.room_id, userId));
  if (row === undefined || room === undefined) throw notFound('Message');
  try {
    demand('read', room, room.role ?? 'stranger');
  } catch {
    throw notFound('Message');
  }
  return { row, room };
}

/** The room that a request names by `chat_id` or by the other one of a direct conversation. */
export const namedRoom = (
  caller: Caller,
  { chat_id, recipient_id }: { chat_id?: string; recipient_id?: string },
): string | undefined => chat_id ?? (recipient_id === undefined ? undefined : directId(caller.user_id, recipient_id));
