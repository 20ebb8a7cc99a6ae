// The connection of a migrating process: no time limits, and one process per schema.
import { setTimeout as sleep } from 'node:timers/promises';
import knexModule, { type Knex } from 'knex';
import type pg from 'pg';
import type { DbSettings } from './database.ts';
import { loginOf } from './role-password.ts';

const LOCK_POLL_MS = 200;
/** A busy machine takes seconds to fork a server process. */
const CONNECT_MS = 30_000;
/** Time limit of another process's migration. */
const MAX_WAIT_MS = 24 * 3_600_000;

const silent = (): void => undefined;

interface Lock {
  taken: boolean;
  /** Whether a session of this role holds one of the schema's locks. */
  busy: boolean;
}

/**
 * Takes the lock `n` of a schema unless a session of the same role holds another one. Any role may
 * hold any advisory lock; such a lock of another role is passed over.
 */
async function tryLock(client: pg.Client, schema: string, n: number): Promise<Lock> {
  const { rows } = await client.query('select pg_try_advisory_lock(hashtext($1), $2) taken', [`migrate ${schema}`, n]);
  const [{ taken }] = rows as [{ taken: boolean }];
  const others = await client.query(
    `select 1 from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and l.objsubid = 2
       and l.database = (select oid from pg_database where datname = current_database())
       and l.classid = (hashtext($1)::bigint & 4294967295)::oid and a.usename = current_user and l.pid <> pg_backend_pid()
     limit 1`,
    [`migrate ${schema}`],
  );
  const busy = others.rows.length > 0;
  if (taken && busy) await client.query('select pg_advisory_unlock(hashtext($1), $2)', [`migrate ${schema}`, n]);
  return { taken: taken && !busy, busy };
}

/**
 * Lock and work share a connection, so that a statement that outlives its process still holds the
 * lock. The lock is polled: a session that waits for it holds a snapshot, and `create index
 * concurrently` waits for all snapshots.
 */
async function takeLock(client: pg.Client, schema: string): Promise<void> {
  for (let n = 0; ; ) {
    const { taken, busy } = await tryLock(client, schema, n);
    if (taken) return;
    // Two that tried at the same moment saw each other: the pause decides.
    if (busy) await sleep(LOCK_POLL_MS * (0.5 + Math.random()));
    else n++;
  }
}

const connection = (settings: DbSettings, schema: string): Knex.PgConnectionConfig =>
  ({
    ...loginOf(settings),
    options: `-c search_path=${schema} -c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0`,
    application_name: 'migrate',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
  }) as Knex.PgConnectionConfig;

/**
 * Requires a direct connection to PostgreSQL: with a transaction pooler the lock would not hold.
 */
export const openMigrationDb = (settings: DbSettings, schema: string): Knex =>
  knexModule({
    client: 'pg',
    connection: () => connection(settings, schema),
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
