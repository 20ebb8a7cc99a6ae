// Adds words to what was written without them: by an older version, before or during an update.
// Rows say themselves what is left, so any instance continues after a crash. Locked rows are
// skipped: the next pass finds them.
import { setTimeout as sleep } from 'node:timers/promises';
import { every, type RecurringTask } from '@chatapi/kit';
import { roomsWithoutWords, saveRoomWords } from '../access/room-words-store.ts';
import type { Context } from '../context.ts';
import { addWords, lackWords, type Place } from './backfill-store.ts';

const POLL_MS = 5000;
/** Locks its messages for tens of milliseconds. */
const MESSAGES_AT_ONCE = 100;
const ROOMS_AT_ONCE = 500;

async function addToMessages({ db }: Context, closing: AbortSignal): Promise<void> {
  let after: Place | undefined = { seq: -1, room_id: '' };
  while (after !== undefined && !closing.aborted) {
    const began = performance.now();
    after = await addWords(db, after, MESSAGES_AT_ONCE);
    // Works half of the time, so that sends have the other half.
    if (after !== undefined) await sleep(performance.now() - began);
  }
}

async function addToRooms({ db }: Context, closing: AbortSignal): Promise<void> {
  let added = ROOMS_AT_ONCE;
  while (added === ROOMS_AT_ONCE && !closing.aborted)
    added = await db.transaction(async (trx) => {
      const rooms = await roomsWithoutWords(trx, ROOMS_AT_ONCE);
      if (rooms.length > 0) await saveRoomWords(trx, rooms);
      return rooms.length;
    });
}

export const startBackfill = (ctx: Context): RecurringTask =>
  every(
    POLL_MS,
    async (closing) => {
      await addToRooms(ctx, closing);
      if (await lackWords(ctx.reads)) await addToMessages(ctx, closing);
    },
    (err) => ctx.log.warn({ err: err.message }, 'adding words for searches failed; will retry'),
  );
