// Owns: that ordered erasures are carried out, whichever instance dies: the order is a row, held by a transaction's lock
// while somebody works on it. Requests that were under way when the account ended may still write for a few seconds;
// therefore the person is looked for again, for longer than any such request can take.
import { every, type Recurring } from '@chatapi/kit';
import type { Context } from './context.ts';
import { erasePerson } from './erasure.ts';
import { endErasure, endFile, isErasureDue, postponeErasure, takeErasure, takeFile } from './erasure-store.ts';
import { eraseFile } from './file-erasure.ts';

const TICK_MS = 500;
const SOONEST_S = 5;
const WATCHED_S = 60;

/** @returns false when nothing was due. */
const workOnPerson = (ctx: Context): Promise<boolean> =>
  ctx.db.transaction(async (trx) => {
    const due = await takeErasure(trx);
    if (due === undefined) return false;
    const age = (Date.now() - due.erased_at.getTime()) / 1000;
    await erasePerson(ctx, due.user_id);
    await (age > WATCHED_S
      ? endErasure(trx, due.user_id)
      : postponeErasure(trx, due.user_id, Math.max(SOONEST_S, age)));
    return true;
  });

const workOnFile = (ctx: Context): Promise<boolean> =>
  ctx.db.transaction(async (trx) => {
    const fileId = await takeFile(trx);
    if (fileId === undefined) return false;
    await eraseFile(ctx, fileId);
    await endFile(trx, fileId);
    return true;
  });

export const startErasures = (ctx: Context): Recurring =>
  every(
    TICK_MS,
    async (closing) => {
      if (!(await isErasureDue(ctx.reads))) return;
      while (!closing.aborted && ((await workOnPerson(ctx)) || (await workOnFile(ctx))));
    },
    (err) => ctx.log.warn({ err: err.message }, 'an erasure broke off; tried again'),
  );
