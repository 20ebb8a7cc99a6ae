// Owns: that every picture gets its thumbnail tried, whichever process dies: the row says `pending` until it is settled,
// the queue only makes it soon.
import type { Knex, Log, Redis } from '@chatapi/kit';
import { Queue, Worker } from 'bullmq';
import { waitingForThumbnail } from './file-store.ts';
import type { Storage } from './storage.ts';
import { makeThumbnail } from './thumbnails.ts';

export interface Thumbnails {
  /** Asks for one soon. Never throws: what is not queued now is found by the next look at the table. */
  want(id: string): void;
  close(): Promise<void>;
}

export interface ThumbnailsOptions {
  db: Knex;
  storage: Storage;
  redis: Redis;
  openQueueRedis: () => Redis;
  log: Log;
}

const QUEUE = 'file-thumbnails';
const PREFIX = '{chatapi}';
const LOOK_MS = 2000;
/** Younger ones were most likely queued by the upload itself. */
const FORGOTTEN_MS = 3000;
const JOB = {
  attempts: 20,
  backoff: { type: 'exponential', delay: 500 },
  removeOnComplete: true,
  removeOnFail: true,
} as const;

function startWorker(o: ThumbnailsOptions): Worker<{ id: string }> {
  const connection = o.openQueueRedis();
  const worker = new Worker<{ id: string }>(QUEUE, async ({ data }) => makeThumbnail(o, data.id), {
    connection,
    prefix: PREFIX,
    concurrency: 1,
    lockDuration: 10_000,
    stalledInterval: 5000,
    maxStalledCount: 5,
  });
  worker.on('error', () => undefined); // the connection's own listener has said it
  worker.on('failed', (job, err) =>
    o.log.warn({ file_id: job?.data.id, attempt: job?.attemptsMade, err: err.message }, 'thumbnail failed'),
  );
  worker.once('closed', () => connection.disconnect());
  return worker;
}

function openQueue(redis: Redis): Queue<{ id: string }> {
  const queue = new Queue<{ id: string }>(QUEUE, { connection: redis, prefix: PREFIX, skipWaitingForReady: true });
  queue.on('error', () => undefined);
  return queue;
}

export function startThumbnails(o: ThumbnailsOptions): Thumbnails {
  const worker = startWorker(o);
  // A queue opened while Redis is away keeps its first failure for ever: it is opened when Redis is there.
  let queue: Queue<{ id: string }> | undefined;
  const add = async (ids: string[]): Promise<void> => {
    if (o.redis.status !== 'ready' || ids.length === 0) return;
    queue ??= openQueue(o.redis);
    await queue.addBulk(ids.map((id) => ({ name: 'thumbnail', data: { id }, opts: { ...JOB, jobId: id } })));
  };
  const quiet = (work: Promise<void>): void =>
    void work.catch((err: Error) => o.log.debug({ err: err.message }, 'queuing thumbnails'));
  const look = async (): Promise<void> =>
    add(await waitingForThumbnail(o.db, new Date(Date.now() - FORGOTTEN_MS), 100));
  const ticker = setInterval(() => quiet(look()), LOOK_MS);
  return {
    want: (id) => quiet(add([id])),
    async close() {
      clearInterval(ticker);
      await Promise.all([worker.close(), queue?.close().catch(() => undefined)]);
    },
  };
}
