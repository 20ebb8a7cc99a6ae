import { startFacts } from '@chatapi/bus';
import type { Base } from '@chatapi/kit';
import {
  openDb,
  openPipelinedPool,
  openQueueRedis,
  openRedis,
  requireSchema,
  watchPools,
  watchRedis,
} from '@chatapi/kit/data';
import { createEgress } from '@chatapi/kit/egress';
import { createHttpClient } from '@chatapi/kit/rpc';
import type { Config } from './config.ts';
import type { Context } from './context.ts';
import { ensureFirstAdmin } from './first-admin.ts';
import { createKeySets } from './issuers/key-sets.ts';
import { startMailJob } from './mail/mail-job.ts';
import { createMailMetrics } from './mail/mail-metrics.ts';
import { schema } from './migrations/index.ts';
import { createHasher } from './password-hasher.ts';
import { POOLS } from './pools.ts';
import { createRevocationFeed } from './revocation-feed.ts';
import { openSigner } from './sign-access-token.ts';
import { startSweeps } from './sweeps.ts';

/** `schemaName`: tests use their own. */
export async function open(base: Base<Config>, schemaName = schema.name): Promise<Context> {
  const { config, log, metrics } = base;
  const db = openDb(config, schemaName, 'auth');
  const reads = openPipelinedPool(config, schemaName, 'auth', log, { connections: POOLS.reads, options: '' });
  watchPools(metrics, { db, reads });
  const redis = await openRedis(config.REDIS_URL, log);
  watchRedis(metrics, { commands: redis });
  try {
    await requireSchema(db, { ...schema, name: schemaName });
    const hasher = await createHasher(config.BCRYPT_COST, config.PASSWORD_QUEUE);
    await ensureFirstAdmin({ config, log, db, hasher });
    const facts = startFacts({
      service: 'auth',
      keys: base.keys,
      db,
      redis,
      openQueueRedis: () => openQueueRedis(config.REDIS_URL, log),
      handlers: {},
      log,
      metrics,
    });
    const users = createHttpClient('user', config.USER_INTERNAL_URL, base.keys);
    const revocationFeed = createRevocationFeed(reads);
    const signer = await openSigner(config);
    const egress = createEgress(config.EGRESS_ALLOW);
    const keySets = createKeySets({ db, egress, log, metrics });
    const mailMetrics = createMailMetrics(metrics, db);
    const parts = { revocationFeed, facts, hasher, signer, users, egress, keySets, mailMetrics };
    const ctx = { ...base, db, reads, redis, ...parts };
    return { ...ctx, mailJob: startMailJob(ctx), sweeps: startSweeps(ctx) };
  } catch (error) {
    // `run` retries until it works: do not leak the connections of a failed attempt.
    redis.disconnect();
    await Promise.all([reads.end(), db.destroy()]);
    throw error;
  }
}

export async function close(ctx: Context): Promise<void> {
  await Promise.all([ctx.mailJob.close(), ctx.sweeps.close(), ctx.revocationFeed.close()]);
  await ctx.facts.close();
  ctx.redis.disconnect();
  ctx.egress.close();
  await Promise.all([ctx.reads.end(), ctx.db.destroy()]);
}

export async function ready(ctx: Context): Promise<void> {
  await ctx.db.raw('select 1');
}
