// Scans files in quarantine. No byte of a file is served before its verdict; while the scanner is
// away the file waits.
import { type FactsRunner, recordFact } from '@chatapi/bus';
import type { Log } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { getFile, markClean, markInfected } from '../file-store.ts';
import type { Storage } from '../storage/storage.ts';
import type { Finding, Scan } from './clamd.ts';
import type { RowJobs } from './row-jobs.ts';

export interface ScanDeps {
  db: Knex;
  storage: Storage;
  facts: FactsRunner;
  log: Log;
  thumbnails: RowJobs;
}

async function removeInfected({ db, storage, facts, log }: ScanDeps, id: string, signature: string): Promise<void> {
  const at = new Date().toISOString();
  const row = await db.transaction(async (trx) => {
    const found = await markInfected(trx, id, signature);
    if (found === undefined) return undefined;
    const { uploaded_by: user_id, size: bytes } = found;
    await recordFact(trx, 'file.infected', { file_id: id, user_id, signature, found_at: at });
    await recordFact(trx, 'file.deleted', { file_id: id, user_id, bytes, deleted_at: at });
    return found;
  });
  facts.nudge();
  await storage.remove(id);
  if (row !== undefined) log.warn({ file_id: id, user_id: row.uploaded_by, signature }, 'infected file removed');
}

/** @throws when the scanner or the storage is away: retry later. */
export async function scanFile(deps: ScanDeps, scan: Scan, id: string): Promise<void> {
  const row = await getFile(deps.db, id);
  if (row?.scan_status !== 'pending') return;
  const source = await deps.storage.read(id);
  // The sweep handles missing bytes; nobody can download them meanwhile.
  if (source === undefined) return;
  let finding: Finding;
  try {
    finding = await scan(source);
  } finally {
    source.destroy();
  }
  if (finding !== null) return removeInfected(deps, id, finding);
  await markClean(deps.db, id);
  if (row.thumbnail === 'pending') deps.thumbnails.enqueue(id);
}
