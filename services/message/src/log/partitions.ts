// Partitions of the room log: created ahead of time, dropped after LOG_RETENTION_DAYS. Messages are
// kept until somebody deletes them.
import { every, type Log, type RecurringTask } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import {
  addPartition,
  detachPartition,
  dropDetached,
  listDetached,
  listPartitions,
  type Partition,
  withPartitionLock,
} from './partition-store.ts';

const DAY_MS = 86_400_000;
const MAX_WIDTH_MS = 7 * DAY_MS;
const MIN_WIDTH_MS = 1000;
const WIDTHS_AHEAD = 3;

export const partitionWidth = (retentionDays: number): number =>
  Math.round(Math.min(MAX_WIDTH_MS, Math.max(MIN_WIDTH_MS, (retentionDays * DAY_MS) / 4)));

/**
 * Ranges to add after the existing ones, so that [now − width, now + WIDTHS_AHEAD × width] is
 * covered.
 */
export function missingRanges(
  existing: Pick<Partition, 'to'>[],
  now: number,
  width: number,
): { from: number; to: number }[] {
  const start = Math.floor(now / width) * width - width;
  const ranges: { from: number; to: number }[] = [];
  for (let from = Math.max(start, existing.at(-1)?.to ?? 0); from < now + WIDTHS_AHEAD * width; from += width)
    ranges.push({ from, to: from + width });
  return ranges;
}

interface PartitionOptions {
  db: Knex;
  config: { LOG_RETENTION_DAYS: number };
}

export async function makePartitions({ db, config }: PartitionOptions): Promise<void> {
  await withPartitionLock(db, async (trx) => {
    const width = partitionWidth(config.LOG_RETENTION_DAYS);
    for (const { from, to } of missingRanges(await listPartitions(trx), Date.now(), width))
      await addPartition(trx, from, to);
  });
}

/** A partition that somebody reads is dropped at a later run. Sends never wait for it. */
export async function dropOldPartitions({ db, config }: PartitionOptions): Promise<void> {
  const oldest = Date.now() - config.LOG_RETENTION_DAYS * DAY_MS;
  await withPartitionLock(db, async (trx) => {
    for (const partition of await listPartitions(trx)) if (partition.to < oldest) await detachPartition(db, partition);
    for (const name of await listDetached(trx)) await dropDetached(db, name);
  });
}

const MAX_PAUSE_MS = 600_000;

/** Creates and drops partitions periodically until closed. */
export function startPartitionUpkeep(options: PartitionOptions & { log: Log }): RecurringTask {
  const pause = Math.min(partitionWidth(options.config.LOG_RETENTION_DAYS) / 2, MAX_PAUSE_MS);
  return every(
    pause,
    async () => {
      await makePartitions(options);
      await dropOldPartitions(options);
    },
    (err) => options.log.warn({ err: err.message }, 'maintaining log partitions failed; will retry'),
  );
}
