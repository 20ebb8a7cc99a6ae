// Owns: one look at everything, in parallel, each with a deadline of its own: what hangs is reported, not waited for.
import type { Redis } from '@chatapi/kit';
import type { Instance } from './config.ts';
import type { Context } from './context.ts';

const DEADLINE_MS = 1500;

export type Status = 'ok' | 'unavailable';
export interface Look {
  status: Status;
  latency_ms: number;
}
export interface InstanceHealth extends Look {
  name: string;
  service: string;
  version: string | null;
  uptime_s: number | null;
}
export interface Health {
  status: 'ok' | 'degraded';
  services: InstanceHealth[];
  database: Look;
  redis: Look;
  queues: Look & { counts: Record<string, Record<string, number>> };
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

const plain = ({ status, latency_ms }: Look): Look => ({ status, latency_ms });
const ping = (redis: Redis) => look(() => redis.ping());

export async function systemHealth(ctx: Pick<Context, 'config' | 'db' | 'redis' | 'queues'>): Promise<Health> {
  const [services, database, redis, queues] = await Promise.all([
    Promise.all(ctx.config.INSTANCES.map(lookAtInstance)),
    look(async () => ctx.db.raw('select 1')),
    ping(ctx.redis),
    lookAtQueues(ctx),
  ]);
  const well = [...services, database, redis, queues].every(({ status }) => status === 'ok');
  return {
    status: well ? 'ok' : 'degraded',
    services,
    database: plain(database),
    redis: plain(redis),
    queues,
    timestamp: new Date().toISOString(),
  };
}
