// Removal of an erased user's files, archive and quota. The row in `erased` stays due, whichever
// instance dies, until no upload from before the erasure can finish any more.
import { type FactsRunner, recordFact } from '@chatapi/bus';
import { every, type Log, type RecurringTask } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { eraseAvatars } from './avatars/avatars.ts';
import { endErasure, isErasureDue, markErased, postponeErasure, takeErasure } from './erasure-store.ts';
import { exportOf } from './exports/export-store.ts';
import { removeExport } from './exports/exports.ts';
import { removeFile } from './file-deletion.ts';
import { deleteUsage, fileIdsOf, listFilesOf } from './file-store.ts';
import type { Storage } from './storage/storage.ts';

export interface ErasureDeps {
  db: Knex;
  storage: Storage;
  facts: FactsRunner;
  log: Log;
}

const TICK_MS = 2000;
const MIN_RETRY_S = 15;
/** Longer than the longest upload (`requestTimeout` is 600 s). */
const WATCH_S = 660;
const BATCH = 100;

/**
 * From now on nobody can read or attach the files. The facts name all files that the user ever
 * uploaded, so that messages with them are updated.
 */
export async function scheduleErasure(trx: Knex, userId: string, at: string): Promise<void> {
  await markErased(trx, userId, at);
  const ids = await fileIdsOf(trx, userId);
  for (let i = 0; i < ids.length; i += 500) await recordFact(trx, 'files.erased', { file_ids: ids.slice(i, i + 500) });
}

async function eraseUser(o: ErasureDeps, userId: string): Promise<void> {
  const archive = await exportOf(o.db, userId);
  if (archive !== undefined) await removeExport(o, archive.id);
  await eraseAvatars(o, userId);
  for (;;) {
    const rows = await listFilesOf(o.db, userId, { limit: BATCH, skip: 0 });
    for (const { id } of rows) await removeFile(o, id);
    if (rows.length < BATCH) break;
  }
  await deleteUsage(o.db, userId);
}

/** @returns false when nothing was due. */
const eraseNext = (o: ErasureDeps): Promise<boolean> =>
  o.db.transaction(async (trx) => {
    const due = await takeErasure(trx);
    if (due === undefined) return false;
    await eraseUser(o, due.user_id);
    const age = (Date.now() - due.erased_at.getTime()) / 1000;
    await (age > WATCH_S
      ? endErasure(trx, due.user_id)
      : postponeErasure(trx, due.user_id, Math.max(MIN_RETRY_S, age)));
    return true;
  });

export const startErasures = (o: ErasureDeps): RecurringTask =>
  every(
    TICK_MS,
    async (closing) => {
      if (!(await isErasureDue(o.db))) return;
      while (!closing.aborted && (await eraseNext(o)));
    },
    (err) => o.log.warn({ err: err.message }, 'erasure failed; retried later'),
  );
