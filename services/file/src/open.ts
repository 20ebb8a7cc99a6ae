import { startFacts } from '@chatapi/bus';
import type { Base } from '@chatapi/kit';
import { createFileLinks } from '@chatapi/kit/auth';
import { openDb, openQueueRedis, openRedis, requireSchema, watchPools, watchRedis } from '@chatapi/kit/data';
import { createHttpClient } from '@chatapi/kit/rpc';
import type { Config } from './config.ts';
import type { Context, Resources } from './context.ts';
import { startErasures } from './erasure.ts';
import { pendingExports } from './exports/export-store.ts';
import { makeExport } from './exports/exports.ts';
import { handlers } from './facts.ts';
import { pendingScans, pendingThumbnails } from './file-store.ts';
import { createClamdScan } from './jobs/clamd.ts';
import { startRowJobs } from './jobs/row-jobs.ts';
import { scanFile } from './jobs/scans.ts';
import { makeThumbnail } from './jobs/thumbnails.ts';
import { schema } from './migrations/index.ts';
import { createStorage } from './storage/create-storage.ts';
import { startSweep } from './sweep.ts';

function startJobs(parts: Resources): Pick<Context, 'thumbnails' | 'scans' | 'exports' | 'closeJobs'> {
  const { config, db, redis, log } = parts;
  const openQueue = () => openQueueRedis(config.REDIS_URL, log);
  const jobs = { redis, log, openQueueRedis: openQueue };
  const thumbnails = startRowJobs({
    ...jobs,
    queue: 'file-thumbnails',
    pending: (olderThan, limit) => pendingThumbnails(db, olderThan, limit),
    work: (id) => makeThumbnail(parts, id),
  });
  const scan = config.CLAMAV_URL === undefined ? undefined : createClamdScan(config.CLAMAV_URL);
  const scans = scan && {
    ...jobs,
    queue: 'file-scans',
    pending: (olderThan: Date, limit: number) => pendingScans(db, olderThan, limit),
    work: (id: string) => scanFile({ ...parts, thumbnails }, scan, id),
  };
  const exports = startRowJobs({
    ...jobs,
    queue: 'file-exports',
    pending: (olderThan, limit) => pendingExports(db, olderThan, limit),
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
  const { config, keys, log, metrics } = base;
  const db = openDb(config, schema.name, 'file');
  watchPools(metrics, { db });
  try {
    await requireSchema(db, schema);
    const storage = await createStorage(config);
    const redis = await openRedis(config.REDIS_URL, log);
    watchRedis(metrics, { commands: redis });
    const openQueue = () => openQueueRedis(config.REDIS_URL, log);
    const parts: Resources = {
      ...base,
      db,
      redis,
      storage,
      links: createFileLinks(config),
      auth: createHttpClient('auth', config.AUTH_INTERNAL_URL, keys),
      user: createHttpClient('user', config.USER_INTERNAL_URL, keys),
      message: createHttpClient('message', config.MESSAGE_INTERNAL_URL, keys),
      admin: createHttpClient('admin', config.ADMIN_INTERNAL_URL, keys),
      facts: startFacts({ service: 'file', keys, db, redis, openQueueRedis: openQueue, handlers, log, metrics }),
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
