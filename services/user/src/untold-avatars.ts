// Tells avatars that a version without the fact `profile.avatar` set, before or during an update.
import { setTimeout as sleep } from 'node:timers/promises';
import { recordFacts } from '@chatapi/bus';
import { every, type RecurringTask } from '@chatapi/kit';
import { takeUntold } from './avatar-store.ts';
import type { Context } from './context.ts';

const POLL_MS = 5000;
const AT_ONCE = 500;

/** @returns how many, at most AT_ONCE. */
const tellNext = (db: Context['db']): Promise<number> =>
  db.transaction(async (trx) => {
    const untold = await takeUntold(trx, AT_ONCE);
    await recordFacts(trx, 'profile.avatar', untold);
    return untold.length;
  });

export const startTellingAvatars = ({ db, facts, log }: Pick<Context, 'db' | 'facts' | 'log'>): RecurringTask =>
  every(
    POLL_MS,
    async (closing) => {
      for (let told = AT_ONCE; !closing.aborted && told === AT_ONCE; await sleep(50)) {
        told = await tellNext(db);
        if (told > 0) facts.nudge();
      }
    },
    (err) => log.warn({ err: err.message }, 'telling avatars failed; will retry'),
  );
