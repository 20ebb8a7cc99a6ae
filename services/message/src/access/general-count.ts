// The number of members of `general`. Each entry leaves a row, and once a second they are counted
// together: thousands may enter in that time.
import { every, type RecurringTask } from '@chatapi/kit';
import type { Context } from '../context.ts';
import { foldEntries } from './general-room-store.ts';

const COUNT_MS = 1000;

export const startGeneralCount = ({ db, log }: Pick<Context, 'db' | 'log'>): RecurringTask =>
  every(
    COUNT_MS,
    async () => void (await foldEntries(db)),
    (err) => log.warn({ err: err.message }, 'counting members of general failed; will retry'),
  );
