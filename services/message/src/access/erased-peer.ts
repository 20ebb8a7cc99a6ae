// A direct room whose other user was erased: nobody would ever read what is written there.
import { AppError } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { hasErasedPeer } from './erased-peer-store.ts';
import type { RoomRow } from './room-store.ts';

const REASON = { reason: 'recipient_deleted' };

/** For sends: the same code as for a recipient who never existed. */
export const recipientDeletedError = (): AppError =>
  new AppError('RESOURCE_NOT_FOUND', 'User not found', { details: REASON });

/** For edits and reactions. @throws AppError CONFLICT. */
export async function requireRecipient(trx: Knex, room: Pick<RoomRow, 'id' | 'kind'>): Promise<void> {
  if (room.kind !== 'direct' || !(await hasErasedPeer(trx, room.id))) return;
  throw new AppError('CONFLICT', 'The other user of this conversation was deleted', { details: REASON });
}
