// Slow mode for what is not a send: an edit counts as one. Sends: sending/slow-mode.ts.
import { AppError } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { findRole } from './member-store.ts';
import { may } from './room-permissions.ts';
import type { RoomRow } from './room-store.ts';
import { intervalLeftMs, startInterval } from './slow-mode-interval-store.ts';

export const tooSoon = (message: string, waitMs: number): AppError => {
  const retry_after_s = Math.max(1, Math.ceil(waitMs / 1000));
  return new AppError('RATE_LIMIT_EXCEEDED', message, {
    headers: { 'Retry-After': String(retry_after_s) },
    details: { retry_after_s },
  });
};

export const slowModeError = (waitMs: number): AppError => tooSoon('Slow mode is on in this room', waitMs);

/** The room must be locked. @throws AppError RATE_LIMIT_EXCEEDED. */
export async function takeInterval(trx: Knex, room: RoomRow, userId: string): Promise<void> {
  const { id, kind, slow_mode_seconds: seconds } = room;
  if (seconds === 0 || may('moderate', kind, await findRole(trx, id, userId), id)) return;
  if (await startInterval(trx, id, userId, seconds)) return;
  throw slowModeError(await intervalLeftMs(trx, id, userId, seconds));
}
