// Owns: that bytes and records agree in the end, whatever died in between: pieces of broken uploads, bytes without a
// record, records without bytes. Every pass may run on several instances at once.
import type { FactsRunner } from '@chatapi/bus';
import { every, type Knex, type Log, type Recurring } from '@chatapi/kit';
import type { Config } from './config.ts';
import { expiredExports, knownExports } from './export-store.ts';
import { removeExport } from './exports.ts';
import { bytesOwners, filesAfter, setMissing } from './file-store.ts';
import { removeFile } from './removal.ts';
import type { Storage, StoredObject } from './storage.ts';

export interface SweepOptions {
  db: Knex;
  storage: Storage;
  log: Log;
  config: Pick<Config, 'FILE_ORPHAN_MINUTES' | 'FILE_LOST_HOURS'>;
  facts: FactsRunner;
}

const TICK_MS = 5000;
const SHORT_MS = 60_000;
/** An upload that brings nothing for 30 s is ended, so nobody writes to such a piece any more. */
const UNFINISHED_IDLE_MS = 60_000;
const BATCH = 500;

async function* inBatches<T>(items: AsyncIterable<T>): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length === BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

const ownerOf = ({ key }: StoredObject): string => key.replace(/\.(webp|zip)$/, '');

async function ownersAmong(db: Knex, ids: string[]): Promise<Set<string>> {
  return new Set([...(await bytesOwners(db, ids)), ...(await knownExports(db, ids))]);
}

/** Bytes older than `olderThanMs` that no live file and no export owns. @returns how many were removed. */
export async function removeOrphans(
  { db, storage }: Pick<SweepOptions, 'db' | 'storage'>,
  olderThanMs: number,
): Promise<number> {
  let removed = 0;
  for await (const batch of inBatches(storage.list())) {
    const old = batch.filter(({ modified_at }) => Date.now() - modified_at.getTime() > olderThanMs);
    const owners = await ownersAmong(db, old.map(ownerOf));
    for (const object of old.filter((one) => !owners.has(ownerOf(one)))) {
      await storage.remove(object.key);
      removed++;
    }
  }
  return removed;
}

/**
 * Notes which records have lost their bytes, and removes those that have been without for `lostForMs`: a volume that is
 * away for an hour must not cost anybody a file.
 */
export async function removeLost(
  o: Pick<SweepOptions, 'db' | 'storage' | 'facts'>,
  lostForMs: number,
): Promise<{ lost: number; removed: number }> {
  const count = { lost: 0, removed: 0 };
  for (let after = ''; ; ) {
    const rows = await filesAfter(o.db, after, BATCH);
    for (const { id, missing_since } of rows) {
      if (await o.storage.has(id)) {
        if (missing_since !== null) await setMissing(o.db, id, null);
        continue;
      }
      count.lost++;
      if (missing_since === null) await setMissing(o.db, id, new Date());
      else if (Date.now() - missing_since.getTime() > lostForMs) {
        await removeFile(o, id);
        count.removed++;
      }
    }
    if (rows.length < BATCH) return count;
    after = (rows.at(-1) as { id: string }).id;
  }
}

/** The first look comes with the first tick: whatever died before this process began may have left something. */
export function startSweep(o: SweepOptions): Recurring {
  const orphanMs = o.config.FILE_ORPHAN_MINUTES * 60_000;
  let shortDue = 0;
  let fullDue = 0;
  const shortPass = async (): Promise<void> => {
    shortDue = Date.now() + SHORT_MS;
    const unfinished = await o.storage.removeUnfinished(UNFINISHED_IDLE_MS);
    if (unfinished > 0) o.log.info({ unfinished }, 'removed pieces of uploads that broke off');
    for (const id of await expiredExports(o.db)) await removeExport(o, id);
  };
  const fullPass = async (): Promise<void> => {
    fullDue = Date.now() + orphanMs;
    const orphans = await removeOrphans(o, orphanMs);
    if (orphans > 0) o.log.info({ orphans }, 'removed bytes without a record');
    const { lost, removed } = await removeLost(o, o.config.FILE_LOST_HOURS * 3_600_000);
    if (lost > 0) o.log.error({ lost, removed }, 'files whose bytes are missing in the store');
  };
  return every(
    TICK_MS,
    async () => {
      if (Date.now() >= shortDue) await shortPass();
      if (Date.now() >= fullDue) await fullPass();
    },
    (err) => o.log.warn({ err: err.message }, 'sweeping'),
  );
}
