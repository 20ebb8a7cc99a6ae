// Folds names that a version without the fold wrote, before or during an update.
import { setTimeout as sleep } from 'node:timers/promises';
import { every, type RecurringTask } from '@chatapi/kit';
import type { Context } from './context.ts';
import { foldNames } from './profile-store.ts';

const POLL_MS = 5000;
const AT_ONCE = 500;

export const startNameFolding = ({ db, log }: Pick<Context, 'db' | 'log'>): RecurringTask =>
  every(
    POLL_MS,
    async (closing) => {
      while (!closing.aborted && (await foldNames(db, AT_ONCE)) === AT_ONCE) await sleep(50);
    },
    (err) => log.warn({ err: err.message }, 'folding names failed; will retry'),
  );
