// Owns: the SQL of the log's partitions. A partition's name bears its bounds in milliseconds.
import type { Knex } from '@chatapi/kit';

export interface Partition {
  name: string;
  from: number;
  to: number;
}

const nameOf = (from: number, to: number): string => `room_events_${from}_${to}`;

export async function listPartitions(db: Knex): Promise<Partition[]> {
  const { rows } = await db.raw<{ rows: { name: string }[] }>(
    `select c.relname name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'room_events'::regclass`,
  );
  return rows
    .map(({ name }) => {
      const [from, to] = name.split('_').slice(-2).map(Number);
      return { name, from: from as number, to: to as number };
    })
    .sort((a, b) => a.from - b.from);
}

/** One instance at a time looks what is there and adds to it. */
export const underPartitionLock = async (db: Knex, work: (trx: Knex) => Promise<void>): Promise<void> =>
  await db.transaction(async (trx) => {
    await trx.raw(`select pg_advisory_xact_lock(hashtext(current_schema() || ' partitions'))`);
    await work(trx);
  });

/** Made apart, then attached: so that nobody who writes has to wait. */
export async function addPartition(trx: Knex, from: number, to: number): Promise<void> {
  const name = nameOf(from, to);
  const at = (ms: number): string => `'${new Date(ms).toISOString()}'`;
  await trx.raw(`create table ${name} (like room_events including all)`);
  await trx.raw(`alter table room_events attach partition ${name} for values from (${at(from)}) to (${at(to)})`);
}

export const dropPartition = async (trx: Knex, { name }: Partition): Promise<void> =>
  void (await trx.raw(`drop table if exists ${name}`));
