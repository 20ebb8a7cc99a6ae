import { notFound } from '@chatapi/kit';
import type { PipelinedPool } from '@chatapi/kit/data';
import { may } from '../access/room-permissions.ts';
import type { RoomForUser } from '../access/room-store.ts';
import { findMessageForUser, type MessageWithReactions } from './message-store.ts';

/** @throws AppError RESOURCE_NOT_FOUND, also when the user may not read the room. */
export async function readableMessage(
  reads: PipelinedPool,
  id: string,
  userId: string,
): Promise<{ row: MessageWithReactions; room: Pick<RoomForUser, 'id' | 'kind' | 'role'> }> {
  const found = await findMessageForUser(reads, id, userId);
  if (found === undefined) throw notFound('Message');
  const { kind, role, ...row } = found;
  if (!may('read', kind, role ?? 'stranger', row.room_id)) throw notFound('Message');
  return { row, room: { id: row.room_id, kind, role } };
}
