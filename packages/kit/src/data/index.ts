export {
  type DbSettings,
  type Knex,
  openDb,
  openPool,
  type Pool,
  type PoolClient,
} from './database.ts';
export {
  createIndex,
  inSteps,
  type Migration,
  migrate,
  requireSchema,
  type Schema,
} from './migrate.ts';
export { migrateCommand } from './migrate-command.ts';
export { openPipelinedPool, type PipelinedPool } from './pipelined-pool.ts';
export { watchPools } from './pool-metrics.ts';
export { openQueueRedis, openRedis, openSubscriber, type Redis } from './redis.ts';
export { watchRedis } from './redis-metrics.ts';
