// Executes ordered erasures. An order is a row, locked by the instance that works on it, so another
// one continues after a crash. Requests in flight may still write for a few seconds: the search for
// the user's data is repeated for WATCH_S.
import { every, type RecurringTask } from '@chatapi/kit';
import type { Context } from '../context.ts';
import { eraseUser, tellPeers } from './erasure.ts';
import {
  claimErasure,
  claimFile,
  finishErasure,
  finishFile,
  isErasureDue,
  markPeersTold,
  postponeErasure,
} from './erasure-store.ts';
import { eraseFile } from './file-erasure.ts';

const POLL_MS = 500;
const MIN_DELAY_S = 5;
const WATCH_S = 60;

/** @returns false when no erasure was due. */
const eraseNextUser = (ctx: Context): Promise<boolean> =>
  ctx.db.transaction(async (trx) => {
    const due = await claimErasure(trx);
    if (due === undefined) return false;
    const age = (Date.now() - due.erased_at.getTime()) / 1000;
    if (!due.peers_told) {
      await tellPeers(ctx, due.user_id);
      await markPeersTold(trx, due.user_id);
    }
    await eraseUser(ctx, due.user_id);
    await (age > WATCH_S
      ? finishErasure(trx, due.user_id)
      : postponeErasure(trx, due.user_id, Math.max(MIN_DELAY_S, age)));
    return true;
  });

const eraseNextFile = (ctx: Context): Promise<boolean> =>
  ctx.db.transaction(async (trx) => {
    const fileId = await claimFile(trx);
    if (fileId === undefined) return false;
    await eraseFile(ctx, fileId);
    await finishFile(trx, fileId);
    return true;
  });

export const startErasureJob = (ctx: Context): RecurringTask =>
  every(
    POLL_MS,
    async (closing) => {
      if (!(await isErasureDue(ctx.reads))) return;
      while (!closing.aborted && ((await eraseNextUser(ctx)) || (await eraseNextFile(ctx))));
    },
    (err) => ctx.log.warn({ err: err.message }, 'an erasure failed; will retry'),
  );
