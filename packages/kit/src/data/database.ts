// PostgreSQL connections with time limits: connect 2 s, lock 2 s, statement 2.5 s.
import knexModule, { type Knex } from 'knex';
import pg from 'pg';
import type { Log } from '../log.ts';
import { loginOf, type RoleSettings } from './role-password.ts';

export type { Knex };
export type Pool = pg.Pool;
export type PoolClient = pg.PoolClient;

export interface DbSettings extends RoleSettings {
  DATABASE_POOL: number;
}

const silent = (): void => undefined;

const STATEMENT_MS = 2500;
const LOCK_MS = 2000;

const sessionOptions = (schema: string): string =>
  `-c search_path=${schema} -c statement_timeout=${STATEMENT_MS} -c lock_timeout=${LOCK_MS} -c idle_in_transaction_session_timeout=10000`;

// count(*) and bigint values are far below 2^53 here, so they can be numbers.
pg.types.setTypeParser(20, Number);
pg.types.setTypeParser(23, Number);

// Messages have two timestamps each, and parsing them with pg's regular expressions took a twelfth
// of the message service's CPU time per page.
const readTime = pg.types.getTypeParser(1184) as (text: string) => Date;
pg.types.setTypeParser(1184, (text) =>
  text.endsWith('+00') && text[10] === ' ' ? new Date(`${text.slice(0, 10)}T${text.slice(11)}:00`) : readTime(text),
);

export const connection = (settings: DbSettings, schema: string, service: string) => ({
  ...loginOf(settings),
  options: sessionOptions(schema),
  application_name: service,
  connectionTimeoutMillis: 2000,
  query_timeout: STATEMENT_MS + 300,
  keepAlive: true,
});

/**
 * Creates a knex pool, for everything but the hot path. `schema` is the only one the role can see.
 */
export const openDb = (settings: DbSettings, schema: string, service: string): Knex =>
  knexModule({
    client: 'pg',
    // A function, since knex hides a password in an object from pg.
    connection: () => connection(settings, schema, service) as Knex.PgConnectionConfig,
    pool: {
      min: 0,
      max: settings.DATABASE_POOL,
      acquireTimeoutMillis: 2000,
      createTimeoutMillis: 2000,
      createRetryIntervalMillis: 100,
    },
    acquireConnectionTimeout: 2000,
    // knex would write to the console. Errors reach the caller and are logged there.
    log: { warn: silent, error: silent, debug: silent, deprecate: silent },
  });

export interface PoolOptions {
  max: number;
  /** Additional session settings, in the form of PostgreSQL's `options`. */
  options: string;
}

/**
 * Creates a pg pool, for prepared statements on the hot path: knex costs about three times as much
 * CPU per row.
 */
export function openPool(
  settings: DbSettings,
  schema: string,
  service: string,
  log: Log,
  { max, options }: PoolOptions,
): Pool {
  const base = connection(settings, schema, service);
  const pool = new pg.Pool({ ...base, options: `${base.options} ${options}`, max, idleTimeoutMillis: 30_000 });
  // Without a listener, a lost idle connection would end the process.
  pool.on('error', (err) => log.warn({ err: err.message }, 'an idle database connection was lost'));
  return pool;
}
