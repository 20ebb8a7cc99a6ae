// Owns: from an id in a request to the room or message behind it, if this caller may know of it; else the same 404 for all.
import { type Caller, type Knex, notFound, type Pipes } from '@chatapi/kit';
import { directId } from './direct.ts';
import { findRole } from './member-store.ts';
import { findMessageFor, type ShownRow } from './message-store.ts';
import { type Action, demand, may, type Standing } from './permissions.ts';
import {
  findRoom,
  findRoomFor,
  findRoomToShow,
  lockRoom,
  type RoomFor,
  type RoomRow,
  type RoomToShow,
  type SeenRoom,
} from './room-store.ts';

function readable<R extends Pick<RoomFor, 'id' | 'kind' | 'role'>>(room: R | undefined): R {
  if (room === undefined) throw notFound('Room');
  demand('read', room, room.role ?? 'stranger');
  return room;
}

/** @throws AppError RESOURCE_NOT_FOUND. */
export const readableRoom = async (reads: Pipes, id: string, userId: string): Promise<RoomFor> =>
  readable(await findRoomFor(reads, id, userId));

/** With all that is shown of it: unread messages are counted. @throws AppError RESOURCE_NOT_FOUND. */
export const seenRoom = async (db: Knex, id: string, userId: string): Promise<SeenRoom> =>
  readable(await findRoom(db, id, userId));

/** A room whose messages are shown; undefined: nobody has begun it. @throws AppError RESOURCE_NOT_FOUND when it is not the caller's to read. */
export async function roomToShow(reads: Pipes, id: string, userId: string): Promise<RoomToShow | undefined> {
  const room = await findRoomToShow(reads, id, userId);
  return room && readable(room);
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
  reads: Pipes,
  id: string,
  userId: string,
): Promise<{ row: ShownRow; room: Pick<RoomFor, 'id' | 'kind' | 'role'> }> {
  const found = await findMessageFor(reads, id, userId);
  if (found === undefined) throw notFound('Message');
  const { kind, role, ...row } = found;
  if (!may('read', kind, role ?? 'stranger', row.room_id)) throw notFound('Message');
  return { row, room: { id: row.room_id, kind, role } };
}

/** The room that a request names by `chat_id` or by the other one of a direct conversation. */
export const namedRoom = (
  caller: Pick<Caller, 'user_id'>,
  { chat_id, recipient_id }: { chat_id?: string; recipient_id?: string },
): string | undefined => chat_id ?? (recipient_id === undefined ? undefined : directId(caller.user_id, recipient_id));
