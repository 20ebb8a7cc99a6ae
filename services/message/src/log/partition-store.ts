// A partition's name contains its bounds in milliseconds.
import type { Knex } from '@chatapi/kit/data';

export interface Partition {
  name: string;
  from: number;
  to: number;
  /** A concurrent detach was interrupted; new queries do not see the partition. */
  detaching: boolean;
}

const nameOf = (from: number, to: number): string => `room_events_${from}_${to}`;

export async function listPartitions(db: Knex): Promise<Partition[]> {
  const { rows } = await db.raw<{ rows: Pick<Partition, 'name' | 'detaching'>[] }>(
    `select c.relname name, i.inhdetachpending detaching
     from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'room_events'::regclass`,
  );
  return rows
    .map(({ name, detaching }) => {
      const [from, to] = name.split('_').slice(-2).map(Number);
      return { name, detaching, from: from as number, to: to as number };
    })
    .sort((a, b) => a.from - b.from);
}

/** One instance at a time. Not an advisory lock: any role of the database may hold any of those. */
export const withPartitionLock = async (db: Knex, work: (trx: Knex) => Promise<void>): Promise<void> =>
  await db.transaction(async (trx) => {
    await trx.raw('lock table partition_lock in exclusive mode');
    await work(trx);
  });

/** Created first, then attached, so that writers do not wait. */
export async function addPartition(trx: Knex, from: number, to: number): Promise<void> {
  const name = nameOf(from, to);
  const at = (ms: number): string => `'${new Date(ms).toISOString()}'`;
  await trx.raw(`create table ${name} (like room_events including all)`);
  await trx.raw(`alter table room_events attach partition ${name} for values from (${at(from)}) to (${at(to)})`);
}

/**
 * Does not delay writers while others read the log: they would queue behind a plain `drop table`,
 * which waits for all readers. Needs a connection outside of a transaction.
 *
 * @throws when readers hold the log for longer than the statement timeout. Repeat it later.
 */
export const detachPartition = async (db: Knex, { name, detaching }: Partition): Promise<void> =>
  void (await db.raw(`alter table room_events detach partition ${name} ${detaching ? 'finalize' : 'concurrently'}`));

/** @returns the names of partitions that are detached and not dropped yet. */
export async function listDetached(db: Knex): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { name: string }[] }>(
    `select relname name from pg_class
     where relnamespace = current_schema()::regnamespace and relkind = 'r' and not relispartition
       and relname ~ '^room_events_[0-9]+_[0-9]+$'`,
  );
  return rows.map(({ name }) => name);
}

export const dropDetached = async (db: Knex, name: string): Promise<void> =>
  void (await db.raw(`drop table if exists ${name}`));
