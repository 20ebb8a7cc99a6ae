import { type FactsRunner, startFacts } from '@chatapi/bus';
import {
  type Base,
  every,
  identityKey,
  type Knex,
  migrate,
  openDb,
  openPeer,
  openQueueRedis,
  openRedis,
  type Peer,
  type Recurring,
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
  sweeps: Recurring[];
}

const HOUR_MS = 3_600_000;

const startForgetting = ({ db, log }: Pick<Context, 'db' | 'log'>): Recurring =>
  every(
    HOUR_MS,
    () => forgetSeconds(db),
    (err) => log.debug({ err: err.message }, 'forgetting seconds'),
  );

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
  const redis = await openRedis(config.REDIS_URL, log);
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
  await Promise.all([ctx.facts.close(), ctx.queues.close(), ...ctx.sweeps.map((sweep) => sweep.close())]);
  ctx.redis.disconnect();
  await ctx.db.destroy();
}
