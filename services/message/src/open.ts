import { createSignals, createTypingNotices, startFacts } from '@chatapi/bus';
import type { Base } from '@chatapi/kit';
import { createFileLinks } from '@chatapi/kit/auth';
import {
  openDb,
  openPipelinedPool,
  openPool,
  openQueueRedis,
  openRedis,
  type Redis,
  requireSchema,
  watchPools,
  watchRedis,
} from '@chatapi/kit/data';
import { createHttpClient, createRpcClient } from '@chatapi/kit/rpc';
import { LRUCache } from 'lru-cache';
import { startGeneralCount } from './access/general-count.ts';
import { type BeforeMessage, openBeforeMessage } from './before-message/before-message.ts';
import type { MessageConfig } from './config.ts';
import type { Context } from './context.ts';
import { startErasureJob } from './erasure/erasure-job.ts';
import { handlers } from './facts.ts';
import { createKeyedMutex } from './log/keyed-mutex.ts';
import { makePartitions, startPartitionUpkeep } from './log/partitions.ts';
import { createPublisher } from './log/publisher.ts';
import { startNaming } from './messages/late-mentions.ts';
import { createMessageMetrics } from './metrics.ts';
import { schema } from './migrations/index.ts';
import { startPeopleChanges } from './nodes/people-changes.ts';
import { NO_SCANS, PROBES, SEARCH_OPTIONS } from './planner-options.ts';
import { POOLS } from './pools.ts';
import { startAdmissions } from './rooms/invited-rooms.ts';
import { startBackfill } from './search-index/backfill.ts';
import { createAccessCache } from './sending/access-cache.ts';
import { openSends } from './sending/send.ts';
import { createWordFilter, type WordFilter } from './word-filter/word-list.ts';

/** Collects facts of several commits: statistics may be late by 2 s. Followers wait less. */
const FACTS_DELAY_MS = 500;
const MAX_IN_GENERAL = 100_000;

/** @param schemaName tests use their own schemas in one database. */
export async function open(base: Base<MessageConfig>, schemaName = schema.name): Promise<Context> {
  const { config, keys, log, metrics } = base;
  const db = openDb(config, schemaName, 'message');
  const reads = openPipelinedPool(config, schemaName, 'message', log, { connections: POOLS.reads, options: NO_SCANS });
  const sending = openPool(config, schemaName, 'message', log, { max: POOLS.sending, options: PROBES });
  const pool = openPool(config, schemaName, 'message', log, { max: POOLS.pool, options: NO_SCANS });
  const searches = openPool(config, schemaName, 'message', log, { max: POOLS.searches, options: SEARCH_OPTIONS });
  watchPools(metrics, { db, reads, sending, pool, searches });
  const integration = createRpcClient('integration', config.INTEGRATION_INTERNAL_URL, keys);
  let words: WordFilter;
  let beforeMessage: BeforeMessage;
  try {
    await requireSchema(db, { ...schema, name: schemaName });
    await makePartitions({ db, config });
    words = await createWordFilter(db, reads, log);
    beforeMessage = await openBeforeMessage({ db, reads, integration, log, metrics });
  } catch (error) {
    await Promise.all([db.destroy(), reads.end(), sending.end(), pool.end(), searches.end()]);
    throw error;
  }
  const redis = await openRedis(config.REDIS_URL, log);
  watchRedis(metrics, { commands: redis });
  const openQueue = (): Redis => openQueueRedis(config.REDIS_URL, log);
  const facts = startFacts({ service: 'message', keys, db, redis, openQueueRedis: openQueue, handlers, log, metrics });
  const signals = createSignals(redis, keys);
  const ctx: Omit<
    Context,
    'sends' | 'erasures' | 'admissions' | 'backfill' | 'naming' | 'peopleChanges' | 'generalCount'
  > = {
    ...base,
    db,
    sending,
    pool,
    reads,
    searches,
    redis,
    auth: createHttpClient('auth', config.AUTH_INTERNAL_URL, keys),
    file: createHttpClient('file', config.FILE_INTERNAL_URL, keys),
    links: createFileLinks(config),
    facts,
    signals,
    typing: createTypingNotices(redis),
    publisher: createPublisher({ db, reads, redis, signals, log }, (moved) => facts.nudge(moved ? 0 : FACTS_DELAY_MS)),
    access: createAccessCache(),
    inGeneral: new LRUCache({ max: MAX_IN_GENERAL }),
    mutex: createKeyedMutex(),
    messageMetrics: createMessageMetrics(metrics),
    words,
    beforeMessage,
    upkeep: startPartitionUpkeep({ db, config, log }),
  };
  const whole = Object.assign(ctx as Context, { sends: openSends(ctx as Context) });
  return Object.assign(whole, {
    erasures: startErasureJob(whole),
    admissions: startAdmissions(whole),
    backfill: startBackfill(whole),
    naming: startNaming(whole),
    peopleChanges: startPeopleChanges(whole),
    generalCount: startGeneralCount(whole),
  });
}

/** Does not check Redis: sends commit without it. */
export async function ready({ db }: Context): Promise<void> {
  await db.raw('select 1');
}

/** Commits and publishes accepted sends before it closes the connections. */
export async function close(ctx: Context): Promise<void> {
  await ctx.upkeep.close();
  await Promise.all([ctx.words.close(), ctx.beforeMessage.close()]);
  const jobs = [ctx.erasures, ctx.admissions, ctx.backfill, ctx.naming, ctx.peopleChanges, ctx.generalCount];
  await Promise.all(jobs.map((job) => job.close()));
  await ctx.sends.idle();
  await Promise.all([ctx.publisher.close(), ctx.facts.close()]);
  ctx.redis.disconnect();
  await Promise.all([ctx.sending.end(), ctx.pool.end(), ctx.searches.end(), ctx.reads.end(), ctx.db.destroy()]);
}
