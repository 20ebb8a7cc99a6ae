// Shutdown of a BullMQ worker in bounded time, whatever the state of Redis.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'bullmq';
import type { Redis } from 'ioredis';

/** Less than the 5 s that a service has to close. */
const CLOSE_TIMEOUT_MS = 3000;

/**
 * Waits up to 3 s for the current job. A longer job, or any job while Redis is down, goes to
 * another worker when its lock expires. `connection`: the worker's own, from `openQueueRedis`.
 */
export async function endWorker(worker: Worker, connection: Redis): Promise<void> {
  // BullMQ has a second, blocking connection. While that waits to reconnect, ioredis emits no
  // `end`, and an unforced `close` would wait for it without a limit.
  const within = (ms: number) => sleep(ms, undefined, { ref: false });
  const blocking =
    connection.status === 'ready' ? await Promise.race([worker.backend.blockingClient, within(500)]) : undefined;
  const away = blocking?.status !== 'ready';
  if (away) connection.disconnect();
  await Promise.race([worker.close(away), within(CLOSE_TIMEOUT_MS)]);
  connection.disconnect();
}
