// Owns: the verdict of the virus scanner on a file in quarantine, and what follows from it.
// Guarantee: no byte of a file leaves before its verdict; while the scanner is away the file waits.
import { type FactsRunner, tellFact } from '@chatapi/bus';
import type { Knex, Log } from '@chatapi/kit';
import type { Finding, Scan } from './clamd.ts';
import { condemnFile, getFile, releaseFile } from './file-store.ts';
import type { RowJobs } from './row-jobs.ts';
import type { Storage } from './storage.ts';

export interface ScanDeps {
  db: Knex;
  storage: Storage;
  facts: FactsRunner;
  log: Log;
  thumbnails: RowJobs;
}

async function condemn({ db, storage, facts, log }: ScanDeps, id: string, signature: string): Promise<void> {
  const at = new Date().toISOString();
  const row = await db.transaction(async (trx) => {
    const found = await condemnFile(trx, id, signature);
    if (found === undefined) return undefined;
    const { uploaded_by: user_id, size: bytes } = found;
    await tellFact(trx, 'file.infected', { file_id: id, user_id, signature, found_at: at });
    await tellFact(trx, 'file.deleted', { file_id: id, user_id, bytes, deleted_at: at });
    return found;
  });
  facts.nudge();
  await storage.remove(id);
  if (row !== undefined) log.warn({ file_id: id, user_id: row.uploaded_by, signature }, 'an infected file was removed');
}

/** @throws when the scanner or the store is away: worth another try. */
export async function scanFile(deps: ScanDeps, scan: Scan, id: string): Promise<void> {
  const row = await getFile(deps.db, id);
  if (row?.scan_status !== 'pending') return;
  const source = await deps.storage.read(id);
  // Lost bytes are the sweep's business; nobody can download them meanwhile.
  if (source === undefined) return;
  let finding: Finding;
  try {
    finding = await scan(source);
  } finally {
    source.destroy();
  }
  if (finding !== null) return condemn(deps, id, finding);
  await releaseFile(deps.db, id);
  if (row.thumbnail === 'pending') deps.thumbnails.want(id);
}
