import { type FactsRunner, startFacts } from '@chatapi/bus';
import {
  type Base,
  type FileLinks,
  identityKey,
  type Knex,
  migrate,
  openDb,
  openFileLinks,
  openPeer,
  openQueueRedis,
  openRedis,
  type Peer,
  type Redis,
} from '@chatapi/kit';
import { openClamd } from './clamd.ts';
import type { Config } from './config.ts';
import { startErasures } from './erasure.ts';
import { waitingForExport } from './export-store.ts';
import { makeExport } from './exports.ts';
import { handlers } from './facts.ts';
import { waitingForScan, waitingForThumbnail } from './file-store.ts';
import { migrations } from './migrations/index.ts';
import { type RowJobs, startRowJobs } from './row-jobs.ts';
import { scanFile } from './scans.ts';
import { openStorage, type Storage } from './storage.ts';
import { startSweep } from './sweep.ts';
import { makeThumbnail } from './thumbnails.ts';

interface Parts extends Base<Config> {
  db: Knex;
  redis: Redis;
  storage: Storage;
  links: FileLinks;
  auth: Peer;
  user: Peer;
  message: Peer;
  admin: Peer;
  facts: FactsRunner;
}

export interface Context extends Parts {
  thumbnails: RowJobs;
  /** Without a scanner there are none. */
  scans?: RowJobs;
  exports: RowJobs;
  closeJobs(): Promise<void>;
}

function startJobs(parts: Parts): Pick<Context, 'thumbnails' | 'scans' | 'exports' | 'closeJobs'> {
  const { config, db, redis, log } = parts;
  const openQueue = () => openQueueRedis(config.REDIS_URL, log);
  const jobs = { redis, log, openQueueRedis: openQueue };
  const thumbnails = startRowJobs({
    ...jobs,
    queue: 'file-thumbnails',
    waiting: (olderThan, limit) => waitingForThumbnail(db, olderThan, limit),
    work: (id) => makeThumbnail(parts, id),
  });
  const scan = config.CLAMAV_URL === undefined ? undefined : openClamd(config.CLAMAV_URL);
  const scans = scan && {
    ...jobs,
    queue: 'file-scans',
    waiting: (olderThan: Date, limit: number) => waitingForScan(db, olderThan, limit),
    work: (id: string) => scanFile({ ...parts, thumbnails }, scan, id),
  };
  const exports = startRowJobs({
    ...jobs,
    queue: 'file-exports',
    waiting: (olderThan, limit) => waitingForExport(db, olderThan, limit),
    work: (id) => makeExport(parts, id),
  });
  const scanning = scans && startRowJobs(scans);
  const rest = [startErasures(parts), startSweep(parts)];
  return {
    thumbnails,
    scans: scanning,
    exports,
    closeJobs: async () =>
      void (await Promise.all(
        [thumbnails, exports, ...(scanning ? [scanning] : []), ...rest].map((job) => job.close()),
      )),
  };
}

export async function open(base: Base<Config>): Promise<Context> {
  const { config, log } = base;
  const db = openDb(config, 'files', 'file');
  try {
    await migrate(db, 'files', migrations);
    const storage = await openStorage(config);
    const redis = await openRedis(config.REDIS_URL, log);
    const openQueue = () => openQueueRedis(config.REDIS_URL, log);
    const key = identityKey(config.INTERNAL_SECRET_KEY);
    const parts: Parts = {
      ...base,
      db,
      redis,
      storage,
      links: openFileLinks(config.INTERNAL_SECRET_KEY, config.FILE_URL_TTL),
      auth: openPeer('auth', config.AUTH_INTERNAL_URL, key, 'file'),
      user: openPeer('user', config.USER_INTERNAL_URL, key, 'file'),
      message: openPeer('message', config.MESSAGE_INTERNAL_URL, key, 'file'),
      admin: openPeer('admin', config.ADMIN_INTERNAL_URL, key, 'file'),
      facts: startFacts({ service: 'file', db, redis, openQueueRedis: openQueue, handlers, log }),
    };
    return { ...parts, ...startJobs(parts) };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

export async function ready(ctx: Context): Promise<void> {
  await Promise.all([ctx.db.raw('select 1'), ctx.storage.ready()]);
}

export async function close(ctx: Context): Promise<void> {
  await Promise.all([ctx.facts.close(), ctx.closeJobs()]);
  ctx.storage.close();
  ctx.redis.disconnect();
  await ctx.db.destroy();
}
