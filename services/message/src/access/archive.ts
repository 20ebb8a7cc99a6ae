// An archived room can be read and left. Only admins may change what it contains.
import { AppError } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import type { RoomRow } from './room-store.ts';

export const archivedError = (): AppError =>
  new AppError('CONFLICT', 'The room is archived', { details: { reason: 'archived' } });

/** @throws AppError CONFLICT. */
export function requireNotArchived({ archived_at }: Pick<RoomRow, 'archived_at'>, role: Role): void {
  if (archived_at !== null && role !== 'admin') throw archivedError();
}
