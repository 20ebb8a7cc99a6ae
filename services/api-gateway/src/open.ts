import { REVOCATIONS_CHANNEL, type Revocation } from '@chatapi/bus';
import type { Base } from '@chatapi/kit';
import {
  type Credentials,
  createAccessVerifier,
  createCredentials,
  createRateLimiter,
  createRevocationSet,
  fetchRevocationsFrom,
  type RevocationSet,
  type ServiceName,
  showRevocations,
} from '@chatapi/kit/auth';
import { openRedis, openSubscriber, type Redis, watchRedis } from '@chatapi/kit/data';
import { createHttpClient, createRpcClient, type ServiceClient } from '@chatapi/kit/rpc';
import { readApp } from './app-pages/app.ts';
import { readDemo } from './app-pages/demo.ts';
import type { Config } from './config.ts';
import type { Context, ServiceClients } from './context.ts';
import { readGuide } from './guide.ts';
import { createGatewayMetrics } from './metrics.ts';
import { createLoadMonitor } from './overload.ts';
import { createRequestCounts } from './request-counts.ts';
import { createUpstream } from './upstreams.ts';

function createClients({ config, keys }: Base<Config>): ServiceClients {
  const client = (name: ServiceName, urls: string[]): ServiceClient => createHttpClient(name, urls, keys);
  return {
    auth: client('auth', config.AUTH_INTERNAL_URL),
    user: client('user', config.USER_INTERNAL_URL),
    message: client('message', config.MESSAGE_INTERNAL_URL),
    file: client('file', config.FILE_INTERNAL_URL),
    admin: client('admin', config.ADMIN_INTERNAL_URL),
    integration: client('integration', config.INTEGRATION_INTERNAL_URL),
    realtime: client('realtime-gateway', config.REALTIME_INTERNAL_URL),
  };
}

const createUpstreams = (config: Config): Context['upstreams'] => ({
  auth: createUpstream(config.AUTH_URL),
  user: createUpstream(config.USER_URL),
  message: createUpstream(config.MESSAGE_URL),
  file: createUpstream(config.FILE_URL),
  admin: createUpstream(config.ADMIN_URL),
  integration: createUpstream(config.INTEGRATION_URL),
  realtime: createUpstream(config.REALTIME_URL),
});

/** Auth is the source of truth and is long-polled; the Redis signal only arrives earlier. */
function openRevocations(
  { log }: Base<Config>,
  auth: ServiceClient,
  credentials: Credentials,
  subscriber: Redis,
): RevocationSet {
  const revocations = createRevocationSet<Revocation>({
    log,
    onRevoked: credentials.forget,
    fetchAfter: fetchRevocationsFrom(auth),
  });
  subscriber.on('message', () => revocations.lookNow());
  // ioredis subscribes again after each reconnect; until then the long poll is enough.
  subscriber
    .subscribe(REVOCATIONS_CHANNEL)
    .catch((err: Error) => log.warn({ err: err.message }, 'cannot subscribe to revocation signals yet'));
  return revocations;
}

export async function open(base: Base<Config>): Promise<Context> {
  const { config, log, metrics } = base;
  const clients = createClients(base);
  const redis = await openRedis(config.REDIS_URL, log);
  const subscriber = openSubscriber(config.REDIS_URL, log);
  watchRedis(metrics, { commands: redis, signals: subscriber });
  // Over RPC, since these calls are frequent, unlike readiness and documents.
  const authRpc = createRpcClient('auth', config.AUTH_INTERNAL_URL, base.keys);
  const limiter = createRateLimiter(redis, log);
  const credentials = createCredentials({ auth: authRpc, log, limiter });
  const revocations = openRevocations(base, authRpc, credentials, subscriber);
  showRevocations(metrics, revocations);
  await revocations.start();
  const load = createLoadMonitor(config.MAX_IN_FLIGHT, config.MAX_LAG_MS, log);
  return {
    ...base,
    redis,
    subscriber,
    limiter,
    verifier: createAccessVerifier(config, () => authRpc.call('GET', '/internal/jwks')),
    revocations,
    credentials,
    clients,
    upstreams: createUpstreams(config),
    tunnels: new Set(),
    draining: false,
    demo: readDemo(config),
    guide: readGuide(),
    console: config.CONSOLE === 'on' ? readApp('console') : undefined,
    documents: { fetched: new Map(), fetching: new Map(), rendered: new Map() },
    databaseHealth: { at: Number.NEGATIVE_INFINITY },
    load,
    gatewayMetrics: createGatewayMetrics(metrics, load, limiter),
    requestCounts: createRequestCounts(clients.admin, log),
  };
}

/**
 * Ready without Redis, since limits go on in memory. Not ready until revocations are known.
 * @throws AppError 503.
 */
export async function ready(ctx: Context): Promise<void> {
  ctx.revocations.requireLoaded();
}

export async function close(ctx: Context): Promise<void> {
  ctx.revocations.close();
  await ctx.credentials.close();
  await ctx.requestCounts.close();
  ctx.load.close();
  ctx.subscriber.disconnect();
  ctx.redis.disconnect();
}
