// Owns: that who is muted in a room says nothing in it, by whatever way. Sends check it in their own look (send-resolve.ts).
import { AppError, type Knex } from '@chatapi/kit';
import { findMute } from './mute-store.ts';

export const mutedError = (until: Date): AppError =>
  new AppError('AUTHORIZATION_ERROR', 'You are muted in this room', { details: { muted_until: until.toISOString() } });

/** The room must be locked. @throws AppError AUTHORIZATION_ERROR. */
export async function demandVoice(trx: Knex, roomId: string, userId: string): Promise<void> {
  const until = await findMute(trx, roomId, userId);
  if (until !== undefined) throw mutedError(until);
}
