import { type FactsRunner, startFacts } from '@chatapi/bus';
import {
  type Base,
  identityKey,
  type Knex,
  migrate,
  openDb,
  openPeer,
  openQueueRedis,
  openRedis,
  type Peer,
  type Redis,
} from '@chatapi/kit';
import type { Config } from './config.ts';
import { handlers } from './facts.ts';
import { migrations } from './migrations/index.ts';

export interface Context extends Base<Config> {
  db: Knex;
  redis: Redis;
  facts: FactsRunner;
  auth: Peer;
}

/** `schema`: tests bring one of their own. */
export async function open(base: Base<Config>, schema = 'users'): Promise<Context> {
  const { config, log } = base;
  const db = openDb(config, schema, 'user');
  try {
    await migrate(db, schema, migrations);
  } catch (error) {
    // Opening is tried again until it works; what half an attempt opened must not pile up.
    await db.destroy();
    throw error;
  }
  const redis = await openRedis(config.REDIS_URL, log);
  const facts = startFacts({
    service: 'user',
    db,
    redis,
    openQueueRedis: () => openQueueRedis(config.REDIS_URL, log),
    handlers,
    log,
  });
  const auth = openPeer('auth', config.AUTH_INTERNAL_URL, identityKey(config.INTERNAL_SECRET_KEY), 'user');
  return { ...base, db, redis, facts, auth };
}

export async function close(ctx: Context): Promise<void> {
  await ctx.facts.close();
  ctx.redis.disconnect();
  await ctx.db.destroy();
}

export async function ready(ctx: Context): Promise<void> {
  await ctx.db.raw('select 1');
}
