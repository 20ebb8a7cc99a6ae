// Owns: the log's life by time: partitions exist ahead of now, and those wholly older than the retention are dropped.
import { every, type Knex, type Log, type Recurring } from '@chatapi/kit';
import { addPartition, dropPartition, listPartitions, type Partition, underPartitionLock } from './partition-store.ts';

const DAY_MS = 86_400_000;
const WIDEST_MS = 7 * DAY_MS;
const NARROWEST_MS = 1000;
const AHEAD = 3;

export const partitionWidth = (retentionDays: number): number =>
  Math.round(Math.min(WIDEST_MS, Math.max(NARROWEST_MS, (retentionDays * DAY_MS) / 4)));

/** The ranges to add so that [now − width, now + AHEAD widths] is covered without a gap behind what is there. */
export function missingRanges(existing: Partition[], now: number, width: number): { from: number; to: number }[] {
  const start = Math.floor(now / width) * width - width;
  const ranges: { from: number; to: number }[] = [];
  for (let from = Math.max(start, existing.at(-1)?.to ?? 0); from < now + AHEAD * width; from += width)
    ranges.push({ from, to: from + width });
  return ranges;
}

interface Keeper {
  db: Knex;
  config: { LOG_RETENTION_DAYS: number };
}

export async function makePartitions({ db, config }: Keeper): Promise<void> {
  await underPartitionLock(db, async (trx) => {
    const width = partitionWidth(config.LOG_RETENTION_DAYS);
    for (const { from, to } of missingRanges(await listPartitions(trx), Date.now(), width))
      await addPartition(trx, from, to);
  });
}

export async function dropOldPartitions({ db, config }: Keeper): Promise<void> {
  const oldest = Date.now() - config.LOG_RETENTION_DAYS * DAY_MS;
  await underPartitionLock(db, async (trx) => {
    for (const partition of await listPartitions(trx)) if (partition.to < oldest) await dropPartition(trx, partition);
  });
}

const LONGEST_PAUSE_MS = 600_000;

/** Repeats both for as long as the service lives. */
export function startUpkeep(keeper: Keeper & { log: Log }): Recurring {
  const pause = Math.min(partitionWidth(keeper.config.LOG_RETENTION_DAYS) / 2, LONGEST_PAUSE_MS);
  return every(
    pause,
    async () => {
      await makePartitions(keeper);
      await dropOldPartitions(keeper);
    },
    (err) => keeper.log.warn({ err: err.message }, 'keeping the log’s partitions; tried again'),
  );
}
