import { randomUUID } from 'node:crypto';
import { type Followers, startFacts, startFollowers } from '@chatapi/bus';
import { type Base, every, type RecurringTask } from '@chatapi/kit';
import { openDb, openQueueRedis, openRedis, requireSchema, watchPools, watchRedis } from '@chatapi/kit/data';
import { createEgress } from '@chatapi/kit/egress';
import { createHttpClient, createRpcClient } from '@chatapi/kit/rpc';
import { startTelling } from './before-message/hook.ts';
import { createKnownHook } from './before-message/known-hook.ts';
import type { Config } from './config.ts';
import type { Context } from './context.ts';
import { createHandlers } from './facts.ts';
import { forgetOldFacts } from './facts-log/facts-log-store.ts';
import { startRetiring } from './incoming/retire-bots.ts';
import { createLogSource } from './log-source.ts';
import { createDeliveryMetrics } from './metrics.ts';
import { schema } from './migrations/index.ts';
import { deliver, type Effect, recordEffects } from './webhooks/deliver.ts';
import { forgetDeliveries } from './webhooks/delivery-store.ts';
import { createKnownWebhooks } from './webhooks/known-webhooks.ts';
import { startReplays } from './webhooks/replay.ts';
import { followersOf } from './webhooks/webhook-store.ts';

/** Requests under way per webhook. */
const PARALLEL = 10;
const CLEAN_MS = 15_000;

const startCleaning = ({ db, log }: Pick<Context, 'db' | 'log'>): RecurringTask =>
  every(
    CLEAN_MS,
    async () => {
      await forgetDeliveries(
        db,
        (await followersOf(db)).map(({ id }) => id),
      );
      await forgetOldFacts(db);
    },
    (err) => log.debug({ err: err.message }, 'old deliveries not deleted; retried later'),
  );

/** @param schemaName tests use their own. */
export async function open(base: Base<Config>, schemaName = schema.name): Promise<Context> {
  const { config, keys, log, metrics } = base;
  const db = openDb(config, schemaName, 'integration');
  watchPools(metrics, { db });
  try {
    await requireSchema(db, { ...schema, name: schemaName });
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const redis = await openRedis(config.REDIS_URL, log);
  watchRedis(metrics, { commands: redis });
  const egress = createEgress(config.EGRESS_ALLOW);
  const auth = createHttpClient('auth', config.AUTH_INTERNAL_URL, keys);
  const message = createRpcClient('message', config.MESSAGE_INTERNAL_URL, keys);
  const source = createLogSource(db, message);
  const known = createKnownWebhooks();
  const delivering = { egress, known, observe: createDeliveryMetrics(metrics, db) };
  const followers: Followers = startFollowers<Effect>({
    db,
    redis,
    source,
    instance: `${config.INSTANCE} ${randomUUID()}`,
    read: known.read,
    parallel: PARALLEL,
    handle: (task) => deliver(delivering, task),
    record: recordEffects,
    log,
    metrics,
  });
  const facts = startFacts({
    service: 'integration',
    keys,
    db,
    redis,
    openQueueRedis: () => openQueueRedis(config.REDIS_URL, log),
    handlers: createHandlers(followers),
    log,
    metrics,
  });
  const jobs = [
    startCleaning({ db, log }),
    startReplays({ db, source, log }),
    startRetiring({ db, auth, message, log }),
    startTelling({ db, message, log }),
  ];
  return {
    ...base,
    db,
    redis,
    egress,
    auth,
    message,
    facts,
    source,
    known,
    knownHook: createKnownHook(db),
    followers,
    jobs,
  };
}

/** Does not check Redis: without it, message is asked what moved. */
export async function ready({ db }: Context): Promise<void> {
  await db.raw('select 1');
}

/** Requests under way are finished and recorded. */
export async function close(ctx: Context): Promise<void> {
  await Promise.all([ctx.facts.close(), ...ctx.jobs.map((job) => job.close())]);
  await ctx.followers.close();
  ctx.egress.close();
  ctx.redis.disconnect();
  await ctx.db.destroy();
}
