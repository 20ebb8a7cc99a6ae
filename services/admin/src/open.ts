import { createSignals, startFacts } from '@chatapi/bus';
import { type Base, every, type RecurringTask } from '@chatapi/kit';
import { openDb, openQueueRedis, openRedis, requireSchema, watchPools, watchRedis } from '@chatapi/kit/data';
import { createHttpClient, createInstances } from '@chatapi/kit/rpc';
import { startAnnouncementSweep } from './announcements.ts';
import { startAuditSweep } from './audit.ts';
import type { Config } from './config.ts';
import { deleteOldConnections } from './connections/connection-log-store.ts';
import type { Context } from './context.ts';
import { createHandlers } from './facts.ts';
import { schema } from './migrations/index.ts';
import { createQueues } from './queue-counts.ts';
import { showQueues } from './queue-metrics.ts';
import { startGaugeSamples } from './series/series.ts';
import { deleteOldMinutes } from './series/series-store.ts';
import { deleteOldSeconds } from './statistics-store.ts';

const HOUR_MS = 3_600_000;

const startCleanup = ({ db, log }: Pick<Context, 'db' | 'log'>): RecurringTask =>
  every(
    HOUR_MS,
    async () => {
      await deleteOldSeconds(db);
      await deleteOldMinutes(db);
      await deleteOldConnections(db);
    },
    (err) => log.debug({ err: err.message }, 'old message counts not deleted; retried later'),
  );

export async function open(base: Base<Config>): Promise<Context> {
  const { config, keys, log, metrics } = base;
  const db = openDb(config, schema.name, 'admin');
  watchPools(metrics, { db });
  try {
    await requireSchema(db, schema);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const redis = await openRedis(config.REDIS_URL, log);
  watchRedis(metrics, { commands: redis });
  const queues = createQueues(redis);
  showQueues(metrics, queues);
  const signals = createSignals(redis, keys);
  return {
    ...base,
    db,
    redis,
    signals,
    auth: createHttpClient('auth', config.AUTH_INTERNAL_URL, keys),
    user: createHttpClient('user', config.USER_INTERNAL_URL, keys),
    message: createHttpClient('message', config.MESSAGE_INTERNAL_URL, keys),
    file: createHttpClient('file', config.FILE_INTERNAL_URL, keys),
    facts: startFacts({
      service: 'admin',
      keys,
      db,
      redis,
      openQueueRedis: () => openQueueRedis(config.REDIS_URL, log),
      handlers: createHandlers(base),
      log,
      metrics,
    }),
    queues,
    shown: { at: 0 },
    listed: config.INSTANCES.map(({ name, service, internal_url }) => ({
      name,
      service,
      instances: createInstances([internal_url]),
    })),
    sweeps: [
      startAuditSweep({ db, log }),
      startCleanup({ db, log }),
      startAnnouncementSweep({ db, signals, log }),
      startGaugeSamples({ db, redis, log }),
    ],
  };
}

/** Does not check Redis: without it facts wait, and everything else works. */
export async function ready(ctx: Context): Promise<void> {
  await ctx.db.raw('select 1');
}

export async function close(ctx: Context): Promise<void> {
  await Promise.all([ctx.facts.close(), ctx.queues.close(), ...ctx.sweeps.map((sweep) => sweep.close())]);
  ctx.redis.disconnect();
  await ctx.db.destroy();
}
