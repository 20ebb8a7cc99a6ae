// Mute check of edits, reactions, joins and leaves. Sends are checked in sending/may-send.ts.

import { AppError } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { findMute, noteMove } from './mute-store.ts';
import { tooSoon } from './slow-mode-of-edits.ts';

export const mutedError = (until: Date): AppError =>
  new AppError('AUTHORIZATION_ERROR', 'You are muted in this room', { details: { muted_until: until.toISOString() } });

/**
 * Who is muted would be heard by joining and leaving again and again. The room must be locked.
 * @throws AppError RATE_LIMIT_EXCEEDED.
 */
export async function requireMayMove(trx: Knex, roomId: string, userId: string): Promise<void> {
  const waitMs = await noteMove(trx, roomId, userId);
  if (waitMs > 0) throw tooSoon('You are muted in this room and have just joined or left it', waitMs);
}

/** The room must be locked. @throws AppError AUTHORIZATION_ERROR. */
export async function requireNotMuted(trx: Knex, roomId: string, userId: string): Promise<void> {
  const until = await findMute(trx, roomId, userId);
  if (until !== undefined) throw mutedError(until);
}
