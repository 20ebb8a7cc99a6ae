// Owns: how long this process waits for Redis. Nothing may hang because Redis is away: a command fails after 500 ms.
import { once } from 'node:events';
import { Redis } from 'ioredis';
import type { Log } from './log.ts';

export type { Redis };

const WAIT_MS = 500;

const retryStrategy = (attempt: number): number =>
  Math.min(50 * 2 ** Math.min(attempt, 5), 1000) * (0.5 + Math.random() / 2);

function quiet(redis: Redis, log: Log): Redis {
  // ioredis throws an 'error' without a listener, and repeats it at each attempt: one line per change of state is enough.
  let away = false;
  redis.on('error', (err: Error) => {
    if (!away) log.warn({ err: err.message }, 'redis is away');
    away = true;
  });
  redis.on('ready', () => {
    if (away) log.info('redis is back');
    away = false;
  });
  return redis;
}

/**
 * For commands: fails fast, queues nothing while the connection is down. Comes when Redis has answered, so that the first
 * commands find it; without Redis after the first refusal, with one that is frozen after 500 ms, and connects later.
 */
export async function openRedis(url: string, log: Log): Promise<Redis> {
  const redis = quiet(
    new Redis(url, {
      commandTimeout: WAIT_MS,
      connectTimeout: 2000,
      maxRetriesPerRequest: 1,
      enableOfflineQueue: false,
      retryStrategy,
      keepAlive: 10_000,
    }),
    log,
  );
  await once(redis, 'ready', { signal: AbortSignal.timeout(WAIT_MS) }).catch(() => undefined);
  return redis;
}

/** For subscriptions: reconnects for ever and resubscribes by itself; what was said meanwhile is gone, so compare on 'ready'. */
export const openSubscriber = (url: string, log: Log): Redis =>
  quiet(
    new Redis(url, {
      connectTimeout: 2000,
      maxRetriesPerRequest: null,
      autoResubscribe: true,
      retryStrategy,
      keepAlive: 10_000,
    }),
    log,
  );

/** For BullMQ workers, which block on the connection and insist on `maxRetriesPerRequest: null`. */
export const openQueueRedis = (url: string, log: Log): Redis =>
  quiet(new Redis(url, { connectTimeout: 2000, maxRetriesPerRequest: null, retryStrategy, keepAlive: 10_000 }), log);
