// Owns: doing a fault to a cluster, and seeing when it has healed.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '@chatapi/local';
import { Redis } from 'ioredis';
import type { Fault } from './schedule.ts';

export async function withRedis(url: string, act: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy: () => null, commandTimeout: 2000 });
  redis.on('error', () => undefined);
  try {
    await act(redis);
  } catch {
    // Redis is away by another fault: then there is nothing to flush or to cut.
  } finally {
    redis.disconnect();
  }
}

/** Does it, and undoes it when it lasts. @returns when the last of it was over. */
export async function inject(cluster: Cluster, { kind, target, lasts }: Fault): Promise<number> {
  if (kind === 'flushall') await withRedis(cluster.redisUrl, (redis) => redis.flushall());
  else if (kind === 'cut-subscriptions')
    await withRedis(cluster.redisUrl, (redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub'));
  else if (kind === 'kill') cluster.kill(target, 'SIGKILL');
  else {
    // The very process that was frozen: meanwhile another may bear its name.
    const pid = cluster.pid(target);
    if (pid !== undefined) {
      process.kill(pid, 'SIGSTOP');
      await sleep(lasts);
      process.kill(pid, kind === 'freeze' ? 'SIGCONT' : 'SIGKILL');
    }
  }
  return Date.now();
}

export interface Probe {
  /** Start of the newest send that was acknowledged. */
  lastGood(): number;
}

/** @returns milliseconds from `since` until `healed` held; Infinity after the deadline. */
export async function recovery(since: number, healed: () => boolean, deadlineMs: number): Promise<number> {
  while (!healed()) {
    if (Date.now() - since > deadlineMs) return Number.POSITIVE_INFINITY;
    await sleep(20);
  }
  return Date.now() - since;
}
