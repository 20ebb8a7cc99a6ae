// Owns: that work which a row asks for gets done, whichever process dies: the row says so until it is settled, the queue
// only makes it soon. Does not own: what the work is; it must bear being done twice.
import { endWorker } from '@chatapi/bus';
import { every, type Log, type Redis } from '@chatapi/kit';
import { Queue, Worker } from 'bullmq';

export interface RowJobs {
  /** Asks for one soon. Never throws: what is not queued now is found by the next look at the table. */
  want(id: string): void;
  close(): Promise<void>;
}

export interface RowJobsOptions {
  queue: string;
  redis: Redis;
  openQueueRedis: () => Redis;
  log: Log;
  /** Ids of rows older than a time whose work is not settled. */
  waiting(olderThan: Date, limit: number): Promise<string[]>;
  work(id: string): Promise<unknown>;
}

const PREFIX = '{chatapi}';
const LOOK_MS = 2000;
/** Younger ones were most likely queued by the request itself. */
const FORGOTTEN_MS = 3000;
const MOST_WAIT_MS = 10_000;
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
    settings: { backoffStrategy: (attempt = 1) => Math.min(500 * 2 ** (attempt - 1), MOST_WAIT_MS) },
  });
  worker.on('error', () => undefined); // the connection's own listener has said it
  worker.on('failed', (job, err) =>
    o.log.warn({ queue: o.queue, id: job?.data.id, attempt: job?.attemptsMade, err: err.message }, 'a job failed'),
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
  // A queue opened while Redis is away keeps its first failure for ever: it is opened when Redis is there.
  let queue: Queue<{ id: string }> | undefined;
  const add = async (ids: string[]): Promise<void> => {
    if (o.redis.status !== 'ready' || ids.length === 0) return;
    queue ??= openQueue(o);
    await queue.addBulk(ids.map((id) => ({ name: o.queue, data: { id }, opts: { ...JOB, jobId: id } })));
  };
  const later = (err: Error): void => o.log.debug({ queue: o.queue, err: err.message }, 'queuing');
  const looks = every(LOOK_MS, async () => add(await o.waiting(new Date(Date.now() - FORGOTTEN_MS), 100)), later);
  return {
    want: (id) => void add([id]).catch(later),
    async close() {
      await Promise.all([looks.close(), worker.close()]);
      await queue?.close().catch(() => undefined);
    },
  };
}
