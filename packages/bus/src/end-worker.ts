// Owns: that a BullMQ worker ends in time, whatever state Redis leaves it in.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'bullmq';
import type { Redis } from 'ioredis';

/** Less than the 5 s that a service has for closing. */
const END_MS = 3000;

/**
 * Lets the job under way end, for at most 3 s; a longer one, and any while Redis is away, is another worker's when its lock
 * has run out. `connection`: the worker's own, as `openQueueRedis` gave it.
 */
export async function endWorker(worker: Worker, connection: Redis): Promise<void> {
  // The blocking connection is a second one, and comes back later or earlier. ioredis says no `end` of one that is cut while
  // it waits to reconnect; BullMQ, unless it is forced, waits for that word for ever.
  const within = (ms: number) => sleep(ms, undefined, { ref: false });
  const blocking =
    connection.status === 'ready' ? await Promise.race([worker.backend.blockingClient, within(500)]) : undefined;
  const away = blocking?.status !== 'ready';
  if (away) connection.disconnect();
  await Promise.race([worker.close(away), within(END_MS)]);
  connection.disconnect();
}
