// Makes bytes and records consistent after crashes: removes unfinished uploads, bytes without a
// record and records without bytes. Passes may run on several instances at once.
import type { FactsRunner } from '@chatapi/bus';
import { every, type Log, type RecurringTask } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { ServiceClient } from '@chatapi/kit/rpc';
import { knownAvatars } from './avatars/avatar-store.ts';
import { removeReplaced } from './avatars/avatars.ts';
import type { Config } from './config.ts';
import { expiredExports, knownExports } from './exports/export-store.ts';
import { removeExport } from './exports/exports.ts';
import { removeFile } from './file-deletion.ts';
import { fileIdsWithBytes, filesAfter, setMissing } from './file-store.ts';
import type { Storage, StoredObject } from './storage/storage.ts';

export interface SweepOptions {
  db: Knex;
  storage: Storage;
  log: Log;
  config: Pick<Config, 'FILE_ORPHAN_MINUTES' | 'FILE_LOST_HOURS'>;
  facts: FactsRunner;
  user: ServiceClient;
}

const TICK_MS = 5000;
const SHORT_MS = 60_000;
/** Uploads are ended after 30 s without data, so nobody writes to such a file any more. */
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
  return new Set([
    ...(await fileIdsWithBytes(db, ids)),
    ...(await knownExports(db, ids)),
    ...(await knownAvatars(db, ids)),
  ]);
}

/**
 * Removes bytes older than `olderThanMs` that no live file, export or avatar owns. @returns how many.
 */
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
 * Marks records without bytes, and removes those without bytes for `lostForMs`: an outage of the
 * storage for an hour must not cost anybody a file.
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

/** Both passes run at the first tick, to clean up after processes that died earlier. */
export function startSweep(o: SweepOptions): RecurringTask {
  const orphanMs = o.config.FILE_ORPHAN_MINUTES * 60_000;
  let shortDue = 0;
  let fullDue = 0;
  const shortPass = async (): Promise<void> => {
    shortDue = Date.now() + SHORT_MS;
    const unfinished = await o.storage.removeUnfinished(UNFINISHED_IDLE_MS);
    if (unfinished > 0) o.log.info({ unfinished }, 'removed unfinished uploads');
    for (const id of await expiredExports(o.db)) await removeExport(o, id);
  };
  const fullPass = async (): Promise<void> => {
    fullDue = Date.now() + orphanMs;
    const orphans = await removeOrphans(o, orphanMs);
    if (orphans > 0) o.log.info({ orphans }, 'removed bytes without a record');
    const replaced = await removeReplaced(o);
    if (replaced > 0) o.log.info({ replaced }, 'removed avatars that no profile shows');
    const { lost, removed } = await removeLost(o, o.config.FILE_LOST_HOURS * 3_600_000);
    if (lost > 0) o.log.error({ lost, removed }, 'files whose bytes are missing in the storage');
  };
  return every(
    TICK_MS,
    async () => {
      if (Date.now() >= shortDue) await shortPass();
      if (Date.now() >= fullDue) await fullPass();
    },
    (err) => o.log.warn({ err: err.message }, 'sweep failed; retried later'),
  );
}
