// Owns: that an erased user's files, archive and quota go, whichever instance dies: the row in `erased` is due until nothing
// is left and no upload that began before can come any more.
import { type FactsRunner, tellFact } from '@chatapi/bus';
import { every, type Knex, type Log, type Recurring } from '@chatapi/kit';
import { endErasure, isErasureDue, markErased, postponeErasure, takeErasure } from './erasure-store.ts';
import { exportOf } from './export-store.ts';
import { removeExport } from './exports.ts';
import { dropUsage, fileIdsOf, listFilesOf } from './file-store.ts';
import { removeFile } from './removal.ts';
import type { Storage } from './storage.ts';

export interface ErasureDeps {
  db: Knex;
  storage: Storage;
  facts: FactsRunner;
  log: Log;
}

const TICK_MS = 2000;
const AGAIN_S = 15;
/** Longer than the longest upload. */
const WATCHED_S = 660;
const AT_ONCE = 100;

/** From here on nobody can read or attach these files; messages that bear them are told of all that ever were. */
export async function orderErasure(trx: Knex, userId: string, at: string): Promise<void> {
  await markErased(trx, userId, at);
  const ids = await fileIdsOf(trx, userId);
  for (let i = 0; i < ids.length; i += 500) await tellFact(trx, 'files.erased', { file_ids: ids.slice(i, i + 500) });
}

async function eraseUser(o: ErasureDeps, userId: string): Promise<void> {
  const archive = await exportOf(o.db, userId);
  if (archive !== undefined) await removeExport(o, archive.id);
  for (;;) {
    const rows = await listFilesOf(o.db, userId, AT_ONCE, 0);
    for (const { id } of rows) await removeFile(o, id);
    if (rows.length < AT_ONCE) break;
  }
  await dropUsage(o.db, userId);
}

/** @returns false when nothing was due. */
const workOne = (o: ErasureDeps): Promise<boolean> =>
  o.db.transaction(async (trx) => {
    const due = await takeErasure(trx);
    if (due === undefined) return false;
    await eraseUser(o, due.user_id);
    const age = (Date.now() - due.erased_at.getTime()) / 1000;
    await (age > WATCHED_S ? endErasure(trx, due.user_id) : postponeErasure(trx, due.user_id, Math.max(AGAIN_S, age)));
    return true;
  });

export const startErasures = (o: ErasureDeps): Recurring =>
  every(
    TICK_MS,
    async (closing) => {
      if (!(await isErasureDue(o.db))) return;
      while (!closing.aborted && (await workOne(o)));
    },
    (err) => o.log.warn({ err: err.message }, 'an erasure broke off; tried again'),
  );
