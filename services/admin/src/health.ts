// Checks everything in parallel, each with its own deadline: what hangs is reported as unavailable.
import type { Knex, Redis } from '@chatapi/kit/data';
import type { Context, ListedInstances } from './context.ts';
import { type Disk, readDisk } from './disk.ts';
import { databaseInfo } from './health-store.ts';

const DEADLINE_MS = 1500;
/** A disk with a smaller part of free space counts as unavailable. */
const MIN_FREE = 0.02;

type Status = 'ok' | 'unavailable';
interface CheckResult {
  status: Status;
  latency_ms: number;
}
/** null when it is not known. */
interface RuntimeInfo {
  version: string | null;
  uptime_s: number | null;
}
export interface InstanceHealth extends CheckResult, RuntimeInfo {
  name: string;
  service: string;
}
export interface Health {
  status: 'ok' | 'degraded';
  services: InstanceHealth[];
  database: CheckResult & RuntimeInfo;
  redis: CheckResult & RuntimeInfo;
  queues: CheckResult & { counts: Record<string, Record<string, number>> };
  disk: CheckResult & { [K in keyof Disk]: Disk[K] | null };
  timestamp: string;
}

const deadline = <T>(work: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('no answer in time')), DEADLINE_MS);
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
};

async function check<T>(work: () => Promise<T>): Promise<CheckResult & { value?: T }> {
  const started = performance.now();
  const took = (): number => Math.round((performance.now() - started) * 10) / 10;
  try {
    const value = await deadline(work());
    return { status: 'ok', latency_ms: took(), value };
  } catch {
    return { status: 'unavailable', latency_ms: took() };
  }
}

interface Ready {
  status: string;
  /** Its own name. */
  instance?: string;
  version: string;
  uptime_s?: number;
}

async function checkInstance(name: string, service: string, url: string): Promise<InstanceHealth> {
  const { status, latency_ms, value } = await check(async () => {
    const answer = await fetch(new URL('/health/ready', url), { signal: AbortSignal.timeout(DEADLINE_MS) });
    return (await answer.json()) as Ready;
  });
  const healthy = status === 'ok' && value?.status === 'ok';
  return {
    name: value?.instance ?? name,
    service,
    status: healthy ? 'ok' : 'unavailable',
    latency_ms,
    version: value?.version ?? null,
    uptime_s: value?.uptime_s ?? null,
  };
}

/** An entry with a DNS name stands for all its instances, or for one that is away. */
function checkListed({ name, service, instances }: ListedInstances): Promise<InstanceHealth>[] {
  const urls = instances.current();
  if (urls.length === 0) return [checkInstance(name, service, 'http://unknown.invalid')];
  return urls.map((url) => checkInstance(urls.length === 1 ? name : `${name} ${new URL(url).host}`, service, url));
}

async function checkQueues(ctx: Pick<Context, 'queues'>): Promise<Health['queues']> {
  const { status, latency_ms, value = {} } = await check(() => ctx.queues.counts());
  return { status, latency_ms, counts: value };
}

async function checkDatabase(db: Knex): Promise<CheckResult & RuntimeInfo> {
  const { status, latency_ms, value } = await check(() => databaseInfo(db));
  return { status, latency_ms, version: value?.version ?? null, uptime_s: value?.uptime_s ?? null };
}

async function checkRedis(redis: Redis): Promise<CheckResult & RuntimeInfo> {
  const { status, latency_ms, value = '' } = await check(() => redis.info('server'));
  const [, version = null] = /^redis_version:(\S+)/m.exec(value) ?? [];
  const [, uptime] = /^uptime_in_seconds:(\d+)/m.exec(value) ?? [];
  return { status, latency_ms, version, uptime_s: uptime === undefined ? null : Number(uptime) };
}

async function checkDisk(path: string): Promise<Health['disk']> {
  const { status, latency_ms, value = { free_bytes: null, total_bytes: null } } = await check(() => readDisk(path));
  const full = value.total_bytes !== null && value.free_bytes < value.total_bytes * MIN_FREE;
  return { status: full ? 'unavailable' : status, latency_ms, ...value };
}

export async function systemHealth(
  ctx: Pick<Context, 'config' | 'listed' | 'db' | 'redis' | 'queues'>,
): Promise<Health> {
  const [services, database, redis, queues, disk] = await Promise.all([
    Promise.all(ctx.listed.flatMap(checkListed)),
    checkDatabase(ctx.db),
    checkRedis(ctx.redis),
    checkQueues(ctx),
    checkDisk(ctx.config.DISK_PATH),
  ]);
  const healthy = [...services, database, redis, queues, disk].every(({ status }) => status === 'ok');
  return {
    status: healthy ? 'ok' : 'degraded',
    services,
    database,
    redis,
    queues,
    disk,
    timestamp: new Date().toISOString(),
  };
}
