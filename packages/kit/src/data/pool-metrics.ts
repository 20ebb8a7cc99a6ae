// What the connection pools of a process do, and which errors PostgreSQL answers with.
import type { Knex } from 'knex';
import type pg from 'pg';
import { Counter } from 'prom-client';
import { showGauge } from '../gauges.ts';
import type { Metrics } from '../metrics.ts';
import type { Pool } from './database.ts';
import type { PipelinedPool, PoolState } from './pipelined-pool.ts';

/** By its name in metrics: the field of the service's context. */
export interface Pools {
  db: Knex;
  reads?: PipelinedPool;
  sending?: Pool;
  pool?: Pool;
  searches?: Pool;
}

/** The parts of knex' pool (tarn) that are used here. */
interface Tarn {
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
  on(event: 'createSuccess', listener: (id: number, client: pg.Client) => void): void;
  on(event: 'createFail', listener: (id: number, error: Error) => void): void;
}

const stateOfTarn = (pool: Tarn): PoolState => ({
  inUse: pool.numUsed(),
  idle: pool.numFree(),
  waiting: pool.numPendingAcquires(),
});
const stateOfPool = (pool: Pool): PoolState => ({
  inUse: pool.totalCount - pool.idleCount,
  idle: pool.idleCount,
  waiting: pool.waitingCount,
});

const ERRORS = 'chatapi_statement_errors_total';
/** Those that alerts look for. They count from 0, so that the first one is an increase. */
const WATCHED = ['25006', '28P01', '40P01', '53100', '53200', '53300', '55P03', '57014', '57P01', '58030', 'XX001'];
const SQLSTATE = /^[0-9A-Z]{5}$/;

function countErrors(metrics: Metrics): (error: Error & { code?: string }) => void {
  const known = metrics.getSingleMetric(ERRORS) as Counter<'sqlstate'> | undefined;
  const errors =
    known ??
    new Counter({
      name: ERRORS,
      help: 'Errors that PostgreSQL answered with, by SQLSTATE',
      labelNames: ['sqlstate'],
      registers: [metrics],
    });
  if (known === undefined) for (const sqlstate of WATCHED) errors.inc({ sqlstate }, 0);
  return ({ code = '' }) => {
    if (SQLSTATE.test(code)) errors.inc({ sqlstate: code });
  };
}

/** Call it before the first use. It may be called again with other pools. */
export function watchPools(metrics: Metrics, { db, reads, ...pools }: Pools): void {
  const tarn = db.client.pool as Tarn;
  const count = countErrors(metrics);
  // The connection's own event, so that statements without an error cost nothing.
  const watch = (client: pg.Client): void => void client.connection.on('errorMessage', count);
  tarn.on('createSuccess', (_id, client) => watch(client));
  tarn.on('createFail', (_id, error) => count(error));
  reads?.onConnect(watch);
  const named = Object.entries(pools).filter((entry): entry is [string, Pool] => entry[1] !== undefined);
  for (const [, pool] of named) pool.on('connect', watch);
  const states = (): [string, PoolState][] => [
    ['db', stateOfTarn(tarn)],
    ...(reads === undefined ? [] : [['reads', reads.state()] as [string, PoolState]]),
    ...named.map(([name, pool]): [string, PoolState] => [name, stateOfPool(pool)]),
  ];
  showGauge(metrics, {
    name: 'chatapi_pool_connections',
    help: 'Connections to PostgreSQL',
    labelNames: ['pool', 'state'],
    read(set) {
      for (const [pool, { inUse, idle }] of states()) {
        set(inUse, { pool, state: 'in_use' });
        set(idle, { pool, state: 'idle' });
      }
    },
  });
  showGauge(metrics, {
    name: 'chatapi_pool_waiting',
    help: 'Callers that wait for a connection to PostgreSQL',
    labelNames: ['pool'],
    read(set) {
      for (const [pool, { waiting }] of states()) set(waiting, { pool });
    },
  });
}
