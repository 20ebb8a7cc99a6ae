// Job counts of all BullMQ queues. Knows only their names.
import { FACTS } from '@chatapi/bus';
import type { Redis } from '@chatapi/kit/data';
import { Queue } from 'bullmq';

const PREFIX = '{chatapi}';
const SUBSCRIBERS = new Set(Object.values(FACTS).flatMap(({ heard_by }) => heard_by));
const NAMES = [...[...SUBSCRIBERS].map((name) => `facts-${name}`), 'file-thumbnails', 'file-scans', 'file-exports'];

export interface Queues {
  /** @throws when Redis is away. */
  counts(): Promise<Record<string, Record<string, number>>>;
  close(): Promise<void>;
}

export function createQueues(redis: Redis): Queues {
  // A queue created while Redis is away stays failed: create them when Redis is ready.
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
