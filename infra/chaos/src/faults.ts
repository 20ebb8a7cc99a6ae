// Injects faults into a cluster and detects recovery.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '@chatapi/local';
import { Redis } from 'ioredis';
import type { Fault } from './schedule.ts';

async function withRedis(url: string, act: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy: () => null, commandTimeout: 2000 });
  redis.on('error', () => undefined);
  try {
    await act(redis);
  } catch {
    // Redis is down because of another fault, so there is nothing to flush or cut.
  } finally {
    redis.disconnect();
  }
}

const STOPPED_MS = 30_000;
const POLL_MS = 20;

/** Stops a service with SIGTERM, as a deployment does, and waits until the process is gone. */
async function stop(cluster: Cluster, target: string): Promise<void> {
  const pid = cluster.pid(target);
  cluster.kill(target, 'SIGTERM');
  for (const end = Date.now() + STOPPED_MS; cluster.pid(target) === pid && Date.now() < end; ) await sleep(POLL_MS);
}

/**
 * Injects a fault and ends it after its duration.
 * @returns when it was over.
 */
export async function inject(cluster: Cluster, { kind, target, lasts }: Fault): Promise<number> {
  if (kind === 'flushall') await withRedis(cluster.redisUrl, (redis) => redis.flushall());
  else if (kind === 'cut-subscriptions')
    await withRedis(cluster.redisUrl, (redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub'));
  else if (kind === 'kill') cluster.kill(target, 'SIGKILL');
  else if (kind === 'stop') await stop(cluster, target);
  else {
    // Exactly the frozen process: another one may have its name by now.
    const pid = cluster.pid(target);
    if (pid !== undefined) {
      process.kill(pid, 'SIGSTOP');
      await sleep(lasts);
      process.kill(pid, kind === 'freeze' ? 'SIGCONT' : 'SIGKILL');
    }
  }
  return Date.now();
}

/** @returns ms from `since` until `healed` returned true; Infinity after the deadline. */
export async function recovery(since: number, healed: () => boolean, deadlineMs: number): Promise<number> {
  while (!healed()) {
    if (Date.now() - since > deadlineMs) return Number.POSITIVE_INFINITY;
    await sleep(20);
  }
  return Date.now() - since;
}
