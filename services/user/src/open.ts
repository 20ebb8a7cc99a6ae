import { startFacts } from '@chatapi/bus';
import type { Base } from '@chatapi/kit';
import { openDb, openQueueRedis, openRedis, requireSchema, watchPools, watchRedis } from '@chatapi/kit/data';
import { createHttpClient } from '@chatapi/kit/rpc';
import type { Config } from './config.ts';
import type { Context } from './context.ts';
import { handlers } from './facts.ts';
import { schema } from './migrations/index.ts';
import { startNameFolding } from './name-folding.ts';
import { startTellingAvatars } from './untold-avatars.ts';

/** `schemaName`: tests use their own. */
export async function open(base: Base<Config>, schemaName = schema.name): Promise<Context> {
  const { config, log, metrics } = base;
  const db = openDb(config, schemaName, 'user');
  watchPools(metrics, { db });
  try {
    await requireSchema(db, { ...schema, name: schemaName });
  } catch (error) {
    // `run` retries until it works: do not leak the connections of a failed attempt.
    await db.destroy();
    throw error;
  }
  const redis = await openRedis(config.REDIS_URL, log);
  watchRedis(metrics, { commands: redis });
  const facts = startFacts({
    service: 'user',
    keys: base.keys,
    db,
    redis,
    openQueueRedis: () => openQueueRedis(config.REDIS_URL, log),
    handlers,
    log,
    metrics,
  });
  const auth = createHttpClient('auth', config.AUTH_INTERNAL_URL, base.keys);
  const nameFolding = startNameFolding({ db, log });
  return { ...base, db, redis, facts, auth, nameFolding, avatarTelling: startTellingAvatars({ db, facts, log }) };
}

export async function close(ctx: Context): Promise<void> {
  await Promise.all([ctx.nameFolding.close(), ctx.avatarTelling.close()]);
  await ctx.facts.close();
  ctx.redis.disconnect();
  await ctx.db.destroy();
}

export async function ready(ctx: Context): Promise<void> {
  await ctx.db.raw('select 1');
}
