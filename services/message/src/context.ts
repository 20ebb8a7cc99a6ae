import { type FactsRunner, startFacts } from '@chatapi/bus';
import {
  type Base,
  type FileLinks,
  identityKey,
  type Knex,
  migrate,
  openDb,
  openFileLinks,
  openPeer,
  openPipes,
  openPool,
  openQueueRedis,
  openRedis,
  type Peer,
  type Pipes,
  type Pool,
  type Recurring,
  type Redis,
} from '@chatapi/kit';
import { type AccessCache, openAccessCache } from './access-cache.ts';
import type { MessageConfig } from './config.ts';
import { startErasures } from './erasure-job.ts';
import { handlers } from './facts.ts';
import { type Counted, openCounted } from './metrics.ts';
import { migrations } from './migrations/index.ts';
import { NO_SCANS, PROBES } from './planning.ts';
import { openPublisher, type Publisher } from './publisher.ts';
import { openSends, type SendBatcher } from './send.ts';
import { type InTurn, openTurns } from './turns.ts';
import { makePartitions, startUpkeep } from './upkeep.ts';
import { openWords, type Words } from './words.ts';

export interface Context extends Base<MessageConfig> {
  db: Knex;
  /** Connections of sends, on pg's prepared statements: never behind a slow search. */
  sending: Pool;
  /** Of positions and of who connects. */
  pool: Pool;
  /** Connections of what is read most, prepared too: pages, messages, rights. Neither behind sends nor before them. */
  reads: Pipes;
  redis: Redis;
  auth: Peer;
  file: Peer;
  links: FileLinks;
  facts: FactsRunner;
  publisher: Publisher;
  access: AccessCache;
  /** People known to have their row in `general`. */
  inGeneral: Set<string>;
  sends: SendBatcher;
  /** Changes of one room one after the other. */
  inTurn: InTurn;
  counted: Counted;
  words: Words;
  upkeep: Recurring;
  erasures: Recurring;
}

/** Statistics promise to be right within 2 s: until then the facts of many marks travel together. */
const FACTS_WITHIN_MS = 500;

/** `schema`: another one in tests, so that they share a database. */
export async function open(base: Base<MessageConfig>, schema = 'messages'): Promise<Context> {
  const { config, log, metrics } = base;
  const db = openDb(config, schema, 'message');
  const reads = openPipes(config, schema, 'message', log, { connections: 4, options: NO_SCANS });
  let words: Words;
  try {
    await migrate(db, schema, migrations);
    await makePartitions({ db, config });
    words = await openWords(db, reads, log);
  } catch (error) {
    await Promise.all([db.destroy(), reads.end()]);
    throw error;
  }
  const sending = openPool(config, schema, 'message', log, { max: 3, options: PROBES });
  const pool = openPool(config, schema, 'message', log, { max: 4, options: NO_SCANS });
  const redis = await openRedis(config.REDIS_URL, log);
  const key = identityKey(config.INTERNAL_SECRET_KEY);
  const openQueue = (): Redis => openQueueRedis(config.REDIS_URL, log);
  const facts = startFacts({ service: 'message', db, redis, openQueueRedis: openQueue, handlers, log });
  const ctx: Omit<Context, 'sends' | 'erasures'> = {
    ...base,
    db,
    sending,
    pool,
    reads,
    redis,
    auth: openPeer('auth', config.AUTH_INTERNAL_URL, key, 'message'),
    file: openPeer('file', config.FILE_INTERNAL_URL, key, 'message'),
    links: openFileLinks(config.INTERNAL_SECRET_KEY, config.FILE_URL_TTL),
    facts,
    publisher: openPublisher({ db, reads, redis, log }, () => facts.nudge(FACTS_WITHIN_MS)),
    access: openAccessCache(),
    inGeneral: new Set(),
    inTurn: openTurns(),
    counted: openCounted(metrics),
    words,
    upkeep: startUpkeep({ db, config, log }),
  };
  const whole = Object.assign(ctx as Context, { sends: openSends(ctx as Context) });
  return Object.assign(whole, { erasures: startErasures(whole) });
}

/** Redis is not asked: without it sends still commit. */
export async function ready({ db }: Context): Promise<void> {
  await db.raw('select 1');
}

/** What was accepted is committed and published before the connections go. */
export async function close(ctx: Context): Promise<void> {
  await ctx.upkeep.close();
  await ctx.words.close();
  await ctx.erasures.close();
  await ctx.sends.idle();
  await Promise.all([ctx.publisher.close(), ctx.facts.close()]);
  ctx.redis.disconnect();
  await Promise.all([ctx.sending.end(), ctx.pool.end(), ctx.reads.end(), ctx.db.destroy()]);
}
