// The connection of a migrating process: no time limits, and one process per schema.
import { setTimeout as sleep } from 'node:timers/promises';
import knexModule, { type Knex } from 'knex';
import type pg from 'pg';
import type { DbSettings } from './database.ts';

const LOCK_POLL_MS = 200;
/** A busy machine takes seconds to fork a server process. */
const CONNECT_MS = 30_000;
/** Time limit of another process's migration. */
const MAX_WAIT_MS = 24 * 3_600_000;

const silent = (): void => undefined;

/**
 * Lock and work share a connection, so that a statement that outlives its process still holds the
 * lock. The lock is polled: a session that waits for it holds a snapshot, and `create index
 * concurrently` waits for all snapshots.
 */
async function takeLock(client: pg.Client, schema: string): Promise<void> {
  const ask = 'select pg_try_advisory_lock(hashtext($1)) taken';
  while (!(await client.query(ask, [`migrate ${schema}`])).rows[0].taken) await sleep(LOCK_POLL_MS);
}

/**
 * Requires a direct connection to PostgreSQL: with a transaction pooler the lock would not hold.
 */
export const openMigrationDb = (settings: DbSettings, schema: string): Knex =>
  knexModule({
    client: 'pg',
    connection: {
      connectionString: settings.DATABASE_URL,
      options: `-c search_path=${schema} -c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0`,
      application_name: 'migrate',
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
    },
    pool: {
      min: 0,
      max: 1,
      createTimeoutMillis: MAX_WAIT_MS,
      afterCreate(client: pg.Client, done: (error: Error | null, client: pg.Client) => void): void {
        takeLock(client, schema).then(
          () => done(null, client),
          (error: Error) => done(error, client),
        );
      },
    },
    acquireConnectionTimeout: MAX_WAIT_MS,
    log: { warn: silent, error: silent, debug: silent, deprecate: silent },
  });
