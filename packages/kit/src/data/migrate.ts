// Migrates schemas and decides which versions of the code may run on them.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { Log } from '../log.ts';
import type { DbSettings } from './database.ts';
import { openMigrationDb } from './migration-lock.ts';

export interface Migration {
  /** Such as `006-what-it-adds`; names sort in the order of the list. */
  name: string;
  /**
   * Long work during live traffic, outside a transaction: indexes (`createIndex`) and backfills
   * (`inSteps`). Must be repeatable, since a killed migration starts again from the beginning.
   */
  online?(db: Knex): Promise<void>;
  /**
   * Quick changes, run after `online` in the transaction that records the migration. Retried when a
   * lock can't be acquired in time.
   */
  up?(trx: Knex): Promise<void>;
  /**
   * Set when this migration removes what older code uses: the name of the earlier migration that
   * code must know from now on. Older code refuses to start. Expand in one release, contract in the
   * next.
   */
  contracts?: string;
}

export interface Schema {
  /** The name in PostgreSQL. The service's role owns it. */
  name: string;
  migrations: Migration[];
}

/**
 * Queries queue behind a session that waits for a table lock, so the wait is short and repeated.
 */
const LOCK_MS = 500;
const LOCK_PAUSE_MS = 1000;
const MAX_LOCK_ATTEMPTS = 600;

/** `migrations` has knex's columns because earlier versions used knex's migrations. */
async function createRecordTables(db: Knex): Promise<void> {
  await db.raw(
    `create table if not exists migrations
       (id serial primary key, name text not null, batch integer, migration_time timestamptz)`,
  );
  await db.raw('create table if not exists schema_compat (needs text not null)');
  await db.raw('create table if not exists migration_progress (name text primary key, position jsonb not null)');
}

const setLockTimeout = (trx: Knex): Promise<unknown> => trx.raw(`set local lock_timeout = ${LOCK_MS}`);

async function apply(db: Knex, { name, up, online, contracts }: Migration): Promise<void> {
  if (online !== undefined) await online(db);
  await db.transaction(async (trx) => {
    await setLockTimeout(trx);
    if (up !== undefined) await up(trx);
    await trx.raw('insert into migrations (name, batch, migration_time) values (?, 1, now())', [name]);
    if (contracts === undefined) return;
    await trx.raw('delete from schema_compat');
    await trx.raw('insert into schema_compat (needs) values (?)', [contracts]);
  });
}

async function applied(db: Knex): Promise<Set<string>> {
  const { rows } = await db.raw<{ rows: { name: string }[] }>('select name from migrations');
  return new Set(rows.map(({ name }) => name));
}

const LOCK_TIMEOUT = '55P03';
const DEADLOCK = '40P01';
const isLocked = (error: unknown): boolean => [LOCK_TIMEOUT, DEADLOCK].includes((error as { code: string }).code);

/** Retries until locks are free, for ten minutes at most. */
async function retryWhileLocked(log: Log, name: string, work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      if (!isLocked(error) || attempt === MAX_LOCK_ATTEMPTS) throw error;
      log.warn({ schema: name, attempt }, 'a table is locked; the migration is retried');
      await sleep(LOCK_PAUSE_MS);
    }
  }
}

/**
 * Migrates a schema. Several processes may call it at once: one works, the others wait. Unknown
 * migrations are ignored: they belong to a newer version.
 * @throws IncompatibleSchema when the schema was contracted beyond this version.
 */
export async function migrate(settings: DbSettings, schema: Schema, log: Log): Promise<void> {
  const db = openMigrationDb(settings, schema.name);
  try {
    await createRecordTables(db);
    await requireCompatible(db, schema);
    const done = await applied(db);
    for (const migration of schema.migrations)
      if (!done.has(migration.name)) await retryWhileLocked(log, schema.name, () => apply(db, migration));
  } finally {
    await db.destroy();
  }
}

/** This version's code cannot run on the schema; waiting does not help. */
export class IncompatibleSchema extends Error {}

async function requireCompatible(db: Knex, { name, migrations }: Schema): Promise<void> {
  const { rows } = await db.raw<{ rows: { needs: string }[] }>('select needs from schema_compat');
  const needs = rows[0]?.needs;
  if (needs !== undefined && !migrations.some((migration) => migration.name === needs))
    throw new IncompatibleSchema(`schema ${name} needs a version that knows migration ${needs}; this version is older`);
}

const UNDEFINED_TABLE = '42P01';

/**
 * @throws Error while migrations are missing, IncompatibleSchema when the schema is too new for
 * this version.
 */
export async function requireSchema(db: Knex, schema: Schema): Promise<void> {
  try {
    await requireCompatible(db, schema);
    const done = await applied(db);
    const missing = schema.migrations.find(({ name }) => !done.has(name));
    if (missing !== undefined)
      throw new Error(`schema ${schema.name} lacks migration ${missing.name}: run the migrations of this version`);
  } catch (error) {
    if ((error as { code?: string }).code !== UNDEFINED_TABLE) throw error;
    throw new Error(`schema ${schema.name} is empty: run the migrations of this version`);
  }
}

/**
 * Builds an index without blocking writes; for `online`. An invalid index of a killed migration is
 * rebuilt.
 * @param definition the part after the name, such as `on messages (room_id)`.
 */
export async function createIndex(db: Knex, name: string, definition: string, unique = false): Promise<void> {
  const { rows } = await db.raw<{ rows: { indisvalid: boolean }[] }>(
    `select indisvalid from pg_index where indexrelid = to_regclass(current_schema() || '.' || ?)`,
    [name],
  );
  if (rows[0]?.indisvalid) return;
  if (rows.length > 0) await db.raw(`drop index concurrently if exists ${name}`);
  await db.raw(`create ${unique ? 'unique ' : ''}index concurrently ${name} ${definition}`);
}

/**
 * Runs long work in steps; for `online`. Each step commits together with its position, so a killed
 * migration repeats one step at most.
 * @param step handles what comes after `position` (undefined: the beginning) in about 100 ms and
 * returns the new position as JSON, undefined at the end.
 */
export async function inSteps<P>(
  db: Knex,
  name: string,
  step: (trx: Knex.Transaction, position: P | undefined) => Promise<P | undefined>,
): Promise<void> {
  const { rows } = await db.raw<{ rows: { position: P }[] }>('select position from migration_progress where name = ?', [
    name,
  ]);
  let position = rows[0]?.position;
  do {
    const from = position;
    position = await db.transaction(async (trx) => {
      await setLockTimeout(trx);
      const to = await step(trx, from);
      if (to !== undefined)
        await trx.raw(
          `insert into migration_progress (name, position) values (?, ?)
             on conflict (name) do update set position = excluded.position`,
          [name, JSON.stringify(to)],
        );
      return to;
    });
  } while (position !== undefined);
}
