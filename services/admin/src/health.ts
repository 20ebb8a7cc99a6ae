// Owns: one look at everything, in parallel, each with a deadline of its own: what hangs is reported, not waited for.
import type { Knex, Redis } from '@chatapi/kit';
import type { Instance } from './config.ts';
import type { Context } from './context.ts';
import { type Disk, lookAtDisk } from './disk.ts';
import { databaseFacts } from './health-store.ts';

const DEADLINE_MS = 1500;
/** A disk with less than this part of it free is about to stop everything. */
const LEAST_FREE = 0.02;

export type Status = 'ok' | 'unavailable';
export interface Look {
  status: Status;
  latency_ms: number;
}
/** null: it did not say. */
export interface Running {
  version: string | null;
  uptime_s: number | null;
}
export interface InstanceHealth extends Look, Running {
  name: string;
  service: string;
}
export interface Health {
  status: 'ok' | 'degraded';
  services: InstanceHealth[];
  database: Look & Running;
  redis: Look & Running;
  queues: Look & { counts: Record<string, Record<string, number>> };
  disk: Look & (Disk | { [K in keyof Disk]: null });
  timestamp: string;
}

const deadline = <T>(work: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('no answer in time')), DEADLINE_MS);
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
};

async function look<T>(work: () => Promise<T>): Promise<Look & { value?: T }> {
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
  version: string;
  uptime_s?: number;
}

async function lookAtInstance({ name, service, internal_url }: Instance): Promise<InstanceHealth> {
  const { status, latency_ms, value } = await look(async () => {
    const answer = await fetch(new URL('/health/ready', internal_url), { signal: AbortSignal.timeout(DEADLINE_MS) });
    return (await answer.json()) as Ready;
  });
  const well = status === 'ok' && value?.status === 'ok';
  return {
    name,
    service,
    status: well ? 'ok' : 'unavailable',
    latency_ms,
    version: value?.version ?? null,
    uptime_s: value?.uptime_s ?? null,
  };
}

async function lookAtQueues(ctx: Pick<Context, 'queues'>): Promise<Health['queues']> {
  const { status, latency_ms, value = {} } = await look(() => ctx.queues.counts());
  return { status, latency_ms, counts: value };
}

async function lookAtDatabase(db: Knex): Promise<Look & Running> {
  const { status, latency_ms, value } = await look(() => databaseFacts(db));
  return { status, latency_ms, version: value?.version ?? null, uptime_s: value?.uptime_s ?? null };
}

async function lookAtRedis(redis: Redis): Promise<Look & Running> {
  const { status, latency_ms, value = '' } = await look(() => redis.info('server'));
  const [, version = null] = /^redis_version:(\S+)/m.exec(value) ?? [];
  const [, uptime] = /^uptime_in_seconds:(\d+)/m.exec(value) ?? [];
  return { status, latency_ms, version, uptime_s: uptime === undefined ? null : Number(uptime) };
}

async function lookAtStorage(path: string): Promise<Health['disk']> {
  const { status, latency_ms, value = { free_bytes: null, total_bytes: null } } = await look(() => lookAtDisk(path));
  const full = value.total_bytes !== null && value.free_bytes < value.total_bytes * LEAST_FREE;
  return { status: full ? 'unavailable' : status, latency_ms, ...value };
}

export async function systemHealth(ctx: Pick<Context, 'config' | 'db' | 'redis' | 'queues'>): Promise<Health> {
  const [services, database, redis, queues, disk] = await Promise.all([
    Promise.all(ctx.config.INSTANCES.map(lookAtInstance)),
    lookAtDatabase(ctx.db),
    lookAtRedis(ctx.redis),
    lookAtQueues(ctx),
    lookAtStorage(ctx.config.DISK_PATH),
  ]);
  const well = [...services, database, redis, queues, disk].every(({ status }) => status === 'ok');
  return {
    status: well ? 'ok' : 'degraded',
    services,
    database,
    redis,
    queues,
    disk,
    timestamp: new Date().toISOString(),
  };
}
