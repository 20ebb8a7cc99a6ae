// Owns: how long this process waits for PostgreSQL (connection 2 s, lock 2 s, statement 2.5 s) and how its schema comes up to date.
import knexModule, { type Knex } from 'knex';
import pg from 'pg';
import type { Log } from './log.ts';

export type { Knex };
export type Pool = pg.Pool;
export type PoolClient = pg.PoolClient;

export interface DbSettings {
  DATABASE_URL: string;
  DATABASE_POOL: number;
}

const silent = (): void => undefined;

const STATEMENT_MS = 2500;
const LOCK_MS = 2000;

const sessionOptions = (schema: string): string =>
  `-c search_path=${schema} -c statement_timeout=${STATEMENT_MS} -c lock_timeout=${LOCK_MS} -c idle_in_transaction_session_timeout=10000`;

// count(*) and bigint columns are far below 2^53 here: as numbers they go to JSON without a mapper.
pg.types.setTypeParser(20, Number);
pg.types.setTypeParser(23, Number);

// A page of messages holds two times a row, and pg's own regular expressions for them were a twelfth of what message paid for a page.
const readTime = pg.types.getTypeParser(1184) as (text: string) => Date;
pg.types.setTypeParser(1184, (text) =>
  text.endsWith('+00') && text[10] === ' ' ? new Date(`${text.slice(0, 10)}T${text.slice(11)}:00`) : readTime(text),
);

export const connection = (settings: DbSettings, schema: string, service: string) => ({
  connectionString: settings.DATABASE_URL,
  options: sessionOptions(schema),
  application_name: service,
  connectionTimeoutMillis: 2000,
  query_timeout: STATEMENT_MS + 300,
  keepAlive: true,
});

/** knex for everything but the hot path. The schema is the service's own; its role sees no other. */
export const openDb = (settings: DbSettings, schema: string, service: string): Knex =>
  knexModule({
    client: 'pg',
    connection: connection(settings, schema, service),
    pool: {
      min: 0,
      max: settings.DATABASE_POOL,
      acquireTimeoutMillis: 2000,
      createTimeoutMillis: 2000,
      createRetryIntervalMillis: 100,
    },
    acquireConnectionTimeout: 2000,
    // knex writes to the console by itself; what goes wrong reaches the caller and is logged there, once.
    log: { warn: silent, error: silent, debug: silent, deprecate: silent },
  });

export interface PoolOptions {
  max: number;
  /** Further settings of the sessions, as PostgreSQL's `options`. */
  options: string;
}

/** `pg` itself, for prepared statements on the hot path: knex costs about three times its Node time per row. */
export function openPool(
  settings: DbSettings,
  schema: string,
  service: string,
  log: Log,
  { max, options }: PoolOptions,
): Pool {
  const base = connection(settings, schema, service);
  const pool = new pg.Pool({ ...base, options: `${base.options} ${options}`, max, idleTimeoutMillis: 30_000 });
  // Without a listener the process ends when an idle connection's backend dies.
  pool.on('error', (err) => log.warn({ err: err.message }, 'an idle database connection was lost'));
  return pool;
}

export interface Migration {
  name: string;
  up(knex: Knex): Promise<void>;
}

/**
 * Brings the schema up to date; several instances may call it at once. An explicit list, because knex reading a folder
 * would load the compiled build's `.d.ts` files too. The advisory lock goes with its connection, so a process that dies
 * in mid-migration blocks nobody; knex's own lock row would stay, hence it is freed under ours.
 */
export async function migrate(db: Knex, schema: string, migrations: Migration[]): Promise<void> {
  const source: Knex.MigrationSource<Migration> = {
    getMigrations: async () => migrations,
    getMigrationName: (migration) => migration.name,
    getMigration: async (migration) => ({ up: migration.up, down: async () => undefined }),
  };
  const options = { migrationSource: source, schemaName: schema, tableName: 'migrations' };
  await db.transaction(async (lock) => {
    await lock.raw('set local statement_timeout = 0');
    await lock.raw('set local lock_timeout = 0');
    await lock.raw('set local idle_in_transaction_session_timeout = 0');
    await lock.raw('select pg_advisory_xact_lock(hashtext(?))', [`migrate ${schema}`]);
    await db.migrate.forceFreeMigrationsLock(options);
    await db.migrate.latest(options);
  });
}
