// Redis connections. A command fails after 500 ms, so that nothing hangs without Redis.
import { once } from 'node:events';
import { Redis } from 'ioredis';
import type { Log } from '../log.ts';

export type { Redis };

const COMMAND_TIMEOUT_MS = 500;

const retryStrategy = (attempt: number): number =>
  Math.min(50 * 2 ** Math.min(attempt, 5), 1000) * (0.5 + Math.random() / 2);

function logState(redis: Redis, log: Log): Redis {
  // ioredis throws without an 'error' listener and emits at each reconnect attempt; one log line
  // per change of state is enough.
  let down = false;
  redis.on('error', (err: Error) => {
    if (!down) log.warn({ err: err.message }, 'redis is unavailable');
    down = true;
  });
  redis.on('ready', () => {
    if (down) log.info('redis is available again');
    down = false;
  });
  return redis;
}

/**
 * For commands: fails fast and queues nothing while disconnected. Resolves once Redis is ready, or
 * after 500 ms or the first failed attempt without it; it then connects in the background.
 */
export async function openRedis(url: string, log: Log): Promise<Redis> {
  const redis = logState(
    new Redis(url, {
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: 2000,
      maxRetriesPerRequest: 1,
      enableOfflineQueue: false,
      retryStrategy,
      keepAlive: 10_000,
    }),
    log,
  );
  await once(redis, 'ready', { signal: AbortSignal.timeout(COMMAND_TIMEOUT_MS) }).catch(() => undefined);
  return redis;
}

/**
 * For subscriptions: reconnects and resubscribes. Messages in between are lost, so compare with
 * PostgreSQL on 'ready'.
 */
export const openSubscriber = (url: string, log: Log): Redis =>
  logState(
    new Redis(url, {
      connectTimeout: 2000,
      maxRetriesPerRequest: null,
      autoResubscribe: true,
      retryStrategy,
      keepAlive: 10_000,
    }),
    log,
  );

/** For BullMQ workers, which block on the connection and require `maxRetriesPerRequest: null`. */
export const openQueueRedis = (url: string, log: Log): Redis =>
  logState(new Redis(url, { connectTimeout: 2000, maxRetriesPerRequest: null, retryStrategy, keepAlive: 10_000 }), log);
