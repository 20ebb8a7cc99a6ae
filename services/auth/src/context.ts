import { type FactsRunner, startFacts } from '@chatapi/bus';
import {
  type Base,
  identityKey,
  type Knex,
  migrate,
  openDb,
  openPeer,
  openPipes,
  openQueueRedis,
  openRedis,
  type Peer,
  type Pipes,
  type Recurring,
  type Redis,
} from '@chatapi/kit';
import { openSigner, type Signer } from './access-token.ts';
import type { Config } from './config.ts';
import { ensureFirstAdmin } from './first-admin.ts';
import { type Hasher, openHasher } from './hasher.ts';
import { startSweeps } from './jobs.ts';
import { migrations } from './migrations/index.ts';
import { openRevocationFeed, type RevocationFeed } from './revocation-feed.ts';

export interface Context extends Base<Config> {
  db: Knex;
  /** For what is looked for all the time: revocations, bans whose time is over. */
  reads: Pipes;
  redis: Redis;
  revocationFeed: RevocationFeed;
  facts: FactsRunner;
  hasher: Hasher;
  signer: Signer;
  users: Peer;
  sweeps: Recurring;
}

/** `schema`: tests bring one of their own. */
export async function open(base: Base<Config>, schema = 'auth'): Promise<Context> {
  const { config, log } = base;
  const db = openDb(config, schema, 'auth');
  const reads = openPipes(config, schema, 'auth', log, { connections: 2, options: '' });
  const redis = await openRedis(config.REDIS_URL, log);
  try {
    await migrate(db, schema, migrations);
    const hasher = await openHasher(config.BCRYPT_COST, config.PASSWORD_QUEUE);
    await ensureFirstAdmin({ config, log, db, hasher });
    const facts = startFacts({
      service: 'auth',
      db,
      redis,
      openQueueRedis: () => openQueueRedis(config.REDIS_URL, log),
      handlers: {},
      log,
    });
    const users = openPeer('user', config.USER_INTERNAL_URL, identityKey(config.INTERNAL_SECRET_KEY), 'auth');
    const revocationFeed = openRevocationFeed(reads);
    const ctx = { ...base, db, reads, redis, revocationFeed, facts, hasher, signer: openSigner(config), users };
    return { ...ctx, sweeps: startSweeps(ctx) };
  } catch (error) {
    // Opening is tried again until it works; what half an attempt opened must not pile up.
    redis.disconnect();
    await Promise.all([reads.end(), db.destroy()]);
    throw error;
  }
}

export async function close(ctx: Context): Promise<void> {
  await Promise.all([ctx.sweeps.close(), ctx.revocationFeed.close()]);
  await ctx.facts.close();
  ctx.redis.disconnect();
  await Promise.all([ctx.reads.end(), ctx.db.destroy()]);
}

export async function ready(ctx: Context): Promise<void> {
  await ctx.db.raw('select 1');
}
