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
import { migrations } from './migrations/index.ts';
import { openSigner, type Signer } from './signatures.ts';
import { openStorage, type Storage } from './storage.ts';
import { type Sweep, startSweep } from './sweep.ts';
import { startThumbnails, type Thumbnails } from './thumbnail-queue.ts';

export interface Context extends Base<Config> {
  db: Knex;
  redis: Redis;
  storage: Storage;
  signer: Signer;
  message: Peer;
  facts: FactsRunner;
  thumbnails: Thumbnails;
  sweep: Sweep;
}

export async function open(base: Base<Config>): Promise<Context> {
  const { config, log } = base;
  const db = openDb(config, 'files', 'file');
  try {
    await migrate(db, 'files', migrations);
    const storage = await openStorage(config);
    const redis = openRedis(config.REDIS_URL, log);
    const queueRedis = () => openQueueRedis(config.REDIS_URL, log);
    const facts = startFacts({ service: 'file', db, redis, openQueueRedis: queueRedis, handlers: {}, log });
    return {
      ...base,
      db,
      redis,
      storage,
      signer: openSigner(config.INTERNAL_SECRET_KEY, config.FILE_URL_TTL),
      message: openPeer('message', config.MESSAGE_INTERNAL_URL, identityKey(config.INTERNAL_SECRET_KEY), 'file'),
      facts,
      thumbnails: startThumbnails({ db, storage, redis, log, openQueueRedis: queueRedis }),
      sweep: startSweep({ db, storage, log, config, facts }),
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

export async function ready(ctx: Context): Promise<void> {
  await Promise.all([ctx.db.raw('select 1'), ctx.storage.ready()]);
}

export async function close(ctx: Context): Promise<void> {
  await Promise.all([ctx.facts.close(), ctx.thumbnails.close(), ctx.sweep.close()]);
  ctx.storage.close();
  ctx.redis.disconnect();
  await ctx.db.destroy();
}
