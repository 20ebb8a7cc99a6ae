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
import { startAnnouncing } from './announcements.ts';
import { startAuditSweep } from './audit.ts';
import type { Config } from './config.ts';
import { handlers } from './facts.ts';
import { migrations } from './migrations/index.ts';
import { openQueues, type Queues } from './queues.ts';
import { forgetSeconds } from './statistics-store.ts';

export interface Context extends Base<Config> {
  db: Knex;
  redis: Redis;
  auth: Peer;
  user: Peer;
  message: Peer;
  file: Peer;
  facts: FactsRunner;
  queues: Queues;
  sweeps: { close(): void }[];
}

const HOUR_MS = 3_600_000;

function startForgetting({ db, log }: Pick<Context, 'db' | 'log'>): { close(): void } {
  const ticker = setInterval(
    () => void forgetSeconds(db).catch((err: Error) => log.debug({ err: err.message }, 'forgetting seconds')),
    HOUR_MS,
  );
  return { close: () => clearInterval(ticker) };
}

export async function open(base: Base<Config>): Promise<Context> {
  const { config, log } = base;
  const key = identityKey(config.INTERNAL_SECRET_KEY);
  const db = openDb(config, 'admin', 'admin');
  try {
    await migrate(db, 'admin', migrations);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const redis = openRedis(config.REDIS_URL, log);
  return {
    ...base,
    db,
    redis,
    auth: openPeer('auth', config.AUTH_INTERNAL_URL, key, 'admin'),
    user: openPeer('user', config.USER_INTERNAL_URL, key, 'admin'),
    message: openPeer('message', config.MESSAGE_INTERNAL_URL, key, 'admin'),
    file: openPeer('file', config.FILE_INTERNAL_URL, key, 'admin'),
    facts: startFacts({
      service: 'admin',
      db,
      redis,
      openQueueRedis: () => openQueueRedis(config.REDIS_URL, log),
      handlers,
      log,
    }),
    queues: openQueues(redis),
    sweeps: [startAuditSweep({ db, log }), startForgetting({ db, log }), startAnnouncing({ db, redis, log })],
  };
}

/** Redis is not asked: without it facts wait, and all else works. */
export async function ready(ctx: Context): Promise<void> {
  await ctx.db.raw('select 1');
}

export async function close(ctx: Context): Promise<void> {
  for (const sweep of ctx.sweeps) sweep.close();
  await Promise.all([ctx.facts.close(), ctx.queues.close()]);
  ctx.redis.disconnect();
  await ctx.db.destroy();
}
