// Owns: how full the work queues are. Knows their names only; who fills and empties them is the services' matter.
import { FACTS } from '@chatapi/bus';
import type { Redis } from '@chatapi/kit';
import { Queue } from 'bullmq';

const PREFIX = '{chatapi}';
const HEARERS = new Set(Object.values(FACTS).flatMap(({ heard_by }) => heard_by));
const NAMES = [...[...HEARERS].map((name) => `facts-${name}`), 'file-thumbnails', 'file-scans', 'file-exports'];

export interface Queues {
  /** @throws when Redis is away. */
  counts(): Promise<Record<string, Record<string, number>>>;
  close(): Promise<void>;
}

export function openQueues(redis: Redis): Queues {
  // A queue opened while Redis is away keeps its first failure for ever: they are opened when Redis is there.
  let queues: Queue[] = [];
  const open = (): Queue[] =>
    NAMES.map((name) => {
      const queue = new Queue(name, {
        connection: redis,
        prefix: PREFIX,
        skipWaitingForReady: true,
        skipMetasUpdate: true,
      });
      queue.on('error', () => undefined);
      return queue;
    });
  return {
    async counts() {
      if (redis.status !== 'ready') throw new Error('redis is away');
      if (queues.length === 0) queues = open();
      const counts = await Promise.all(
        queues.map((queue) => queue.getJobCounts('waiting', 'active', 'delayed', 'failed')),
      );
      return Object.fromEntries(NAMES.map((name, i) => [name, counts[i] as Record<string, number>]));
    },
    async close() {
      await Promise.all(queues.map((queue) => queue.close().catch(() => undefined)));
    },
  };
}
