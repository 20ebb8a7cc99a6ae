// Jobs for rows with pending work. BullMQ runs them promptly; a table scan every 2 s picks up
// missed ones, whichever process died. Jobs must be idempotent.
import { endWorker } from '@chatapi/bus';
import { every, type Log } from '@chatapi/kit';
import type { Redis } from '@chatapi/kit/data';
import { Queue, Worker } from 'bullmq';

export interface RowJobs {
  /** Never throws: if it can't be queued now, the next table scan queues it. */
  enqueue(id: string): void;
  close(): Promise<void>;
}

export interface RowJobsOptions {
  queue: string;
  redis: Redis;
  openQueueRedis: () => Redis;
  log: Log;
  /** Ids of rows older than `olderThan` with pending work. */
  pending(olderThan: Date, limit: number): Promise<string[]>;
  work(id: string): Promise<unknown>;
}

const PREFIX = '{chatapi}';
const POLL_MS = 2000;
/** Younger rows were most likely queued by the request itself. */
const MIN_AGE_MS = 3000;
const MAX_BACKOFF_MS = 10_000;
const JOB = { attempts: 20, backoff: { type: 'custom' }, removeOnComplete: true, removeOnFail: true } as const;

function startWorker(o: RowJobsOptions): { close(): Promise<void> } {
  const connection = o.openQueueRedis();
  const worker = new Worker<{ id: string }>(o.queue, ({ data }) => o.work(data.id), {
    connection,
    prefix: PREFIX,
    concurrency: 1,
    lockDuration: 10_000,
    stalledInterval: 5000,
    maxStalledCount: 5,
    settings: { backoffStrategy: (attempt = 1) => Math.min(500 * 2 ** (attempt - 1), MAX_BACKOFF_MS) },
  });
  worker.on('error', () => undefined); // the connection logs it
  worker.on('failed', (job, err) =>
    o.log.warn({ queue: o.queue, id: job?.data.id, attempt: job?.attemptsMade, err: err.message }, 'job failed'),
  );
  return { close: () => endWorker(worker, connection) };
}

function openQueue({ queue: name, redis }: RowJobsOptions): Queue<{ id: string }> {
  const queue = new Queue<{ id: string }>(name, { connection: redis, prefix: PREFIX, skipWaitingForReady: true });
  queue.on('error', () => undefined);
  return queue;
}

export function startRowJobs(o: RowJobsOptions): RowJobs {
  const worker = startWorker(o);
  // A queue created while Redis is away stays failed: create it when Redis is ready.
  let queue: Queue<{ id: string }> | undefined;
  const add = async (ids: string[]): Promise<void> => {
    if (o.redis.status !== 'ready' || ids.length === 0) return;
    queue ??= openQueue(o);
    await queue.addBulk(ids.map((id) => ({ name: o.queue, data: { id }, opts: { ...JOB, jobId: id } })));
  };
  const later = (err: Error): void =>
    o.log.debug({ queue: o.queue, err: err.message }, 'jobs not queued; retried later');
  const polls = every(POLL_MS, async () => add(await o.pending(new Date(Date.now() - MIN_AGE_MS), 100)), later);
  return {
    enqueue: (id) => void add([id]).catch(later),
    async close() {
      await Promise.all([polls.close(), worker.close()]);
      await queue?.close().catch(() => undefined);
    },
  };
}
