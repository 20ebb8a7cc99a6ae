// Runs a service process: config → context → two listeners → ready → SIGTERM → exit 0.
import { setServers } from 'node:dns';
import type { RequestListener, Server } from 'node:http';
import type express from 'express';
import { createServiceKeys, type ServiceKeys, type ServiceName } from './auth/service-keys.ts';
import { closeServer } from './close-server.ts';
import type { BaseConfig } from './config.ts';
import { IncompatibleSchema } from './data/migrate.ts';
import { handleCalls, type Route, router, unknownRoute } from './endpoint.ts';
import { mountHealth, mountMetrics, within } from './health-and-metrics-routes.ts';
import type { RecordKeyAct } from './key-acts.ts';
import { createLog, type Log } from './log.ts';
import { createMetrics, httpMetrics, type Metrics } from './metrics.ts';
import { describeRoutesInTurns } from './openapi-operations.ts';
import { attachRpcServer } from './rpc/rpc-server.ts';
import { createApp, listen } from './server.ts';

/** The part of a service's context that kit provides. */
export interface Base<F extends BaseConfig = BaseConfig> {
  config: F;
  keys: ServiceKeys;
  log: Log;
  metrics: Metrics;
}

export interface Service<F extends BaseConfig, C extends Base<F>> {
  name: ServiceName;
  config: F;
  /** Connects to databases and other resources. Retried until it succeeds. */
  open(base: Base<F>): Promise<C>;
  /** Throws when the service can't work right now. Used by `/health/ready`. */
  ready(ctx: C): Promise<void>;
  /** Releases sockets and waiting callers before the listeners close; has about `DRAIN_MS`. */
  drain?(ctx: C): Promise<void>;
  /** Called after the listeners have closed; has 5 s. */
  close(ctx: C): Promise<void>;
  /** Public routes, on the main listener. */
  routes?: Route<C>[];
  /** Puts a change that an application key makes as a person on record. */
  recordKeyAct?: RecordKeyAct<C>;
  /** Routes for other services, on the internal listener, under `/internal/`. */
  internalRoutes?: Route<C>[];
  /**
   * For gateways: the main listener's own handler, or additional middleware, and access to the
   * server for upgrades.
   */
  edge?(ctx: C): {
    handler?: RequestListener;
    mount?(app: express.Express): void;
    attach?(server: Server): void;
    requestTimeout?: number;
    parserErrorHeaders?(packet: string): Record<string, string>;
  };
  /** Time limit of a request on the main listener in ms; default 30,000. */
  requestTimeout?: number;
  /**
   * Serve the health endpoints on the main listener too (default: only in services that the
   * internet can't reach).
   */
  healthOutside?: boolean;
}

/** Exits with code 78 (EX_CONFIG), because a restart would fail the same way. */
function endMisconfigured(log: Log, { message }: Error): never {
  log.fatal(message);
  process.stderr.write(`${message}\n`);
  process.exit(78);
}

function keysOf<F extends BaseConfig, C extends Base<F>>({ name, config }: Service<F, C>, log: Log): ServiceKeys {
  try {
    const keys = createServiceKeys(name, config);
    if (keys.legacy !== undefined)
      log.warn('INTERNAL_SECRET_KEY is set: unset it when the update from the release before is done');
    return keys;
  } catch (error) {
    return endMisconfigured(log, error as Error);
  }
}

const OPEN_RETRY_MS = 300;
/** How long requests in flight may take when the process stops. */
const GRACE_MS = 3000;
/** How long clients may still use idle connections then, unless DRAIN_MS is shorter. */
const MAX_IDLE_MS = 1000;
/** Beyond DRAIN_MS: for requests in flight and closing. A process that takes longer hangs. */
const MAX_STOP_MS = 20_000;

async function openWithRetries<F extends BaseConfig, C extends Base<F>>(
  service: Service<F, C>,
  base: Base<F>,
): Promise<C> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await service.open(base);
    } catch (err) {
      if (err instanceof IncompatibleSchema) endMisconfigured(base.log, err);
      // PostgreSQL or the migrations may come up later. Waiting is faster than being restarted.
      const line = { err: (err as Error).message, attempt };
      attempt % 20 === 0
        ? base.log.error(line, 'still waiting for dependencies')
        : base.log.debug(line, 'waiting for dependencies');
      if (attempt > 400) throw err;
      await new Promise((resolve) => setTimeout(resolve, OPEN_RETRY_MS));
    }
  }
}

/** Runs until SIGTERM or SIGINT (or until the local cluster's runner is gone), then exits 0. */
export async function run<F extends BaseConfig, C extends Base<F>>(service: Service<F, C>): Promise<void> {
  const { config } = service;
  const log = createLog(service.name, config.INSTANCE, config.LOG_LEVEL);
  const metrics = createMetrics(service.name, config.INSTANCE);
  if (config.DNS_SERVERS.length > 0) setServers(config.DNS_SERVERS);
  const state = { draining: false };
  let stop = (): void => process.exit(0);
  const onStop = (): void => stop();
  process.on('SIGTERM', onStop).on('SIGINT', onStop);
  if (config.CHATAPI_SUPERVISED) process.on('disconnect', onStop);
  process.on('unhandledRejection', (err) => log.error({ err }, 'unhandled rejection'));
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'uncaught exception');
    process.exit(1);
  });

  const keys = keysOf(service, log);
  const ctx = await openWithRetries(service, { config, keys, log, metrics });
  const duration = httpMetrics(metrics);
  const health = {
    service: service.name,
    instance: config.INSTANCE,
    log,
    isDraining: () => state.draining,
    ready: () => service.ready(ctx),
  };
  const edge = service.edge?.(ctx);
  const inner = createApp({
    log,
    mount(app) {
      mountHealth(app, health);
      mountMetrics(app, metrics);
      let description: ReturnType<typeof describeRoutesInTurns> | undefined;
      app.get('/internal/openapi.json', async (_req, res) => {
        description ??= describeRoutesInTurns(service.routes ?? []);
        res.json(await description);
      });
      app.use(router(ctx, keys, service.internalRoutes ?? []));
      app.use('/internal', (req, _res, next) =>
        next(unknownRoute(`${req.method} ${req.originalUrl.split('?', 1)[0]}`)),
      );
    },
  });
  const outer = createApp({
    log,
    duration,
    mount(app) {
      if (service.healthOutside ?? edge === undefined) mountHealth(app, health);
      if (edge === undefined) mountMetrics(app, metrics);
      edge?.mount?.(app);
      app.use(router(ctx, keys, service.routes ?? [], service.recordKeyAct));
    },
  });
  const inside = await listen(inner, { host: config.INTERNAL_HOST ?? config.HOST, port: config.INTERNAL_PORT });
  const calls = attachRpcServer(inside, keys, ctx, handleCalls(ctx, service.internalRoutes ?? []));
  const servers = [
    inside,
    await listen(edge?.handler ?? outer, {
      host: config.HOST,
      port: config.PORT,
      requestTimeout: edge?.requestTimeout ?? service.requestTimeout,
      parserErrorHeaders: edge?.parserErrorHeaders,
    }),
  ];
  edge?.attach?.(servers[1] as Server);
  log.info({ port: config.PORT, internal_port: config.INTERNAL_PORT }, 'ready');

  stop = () => {
    if (state.draining) return;
    state.draining = true;
    setTimeout(() => process.exit(1), config.DRAIN_MS + MAX_STOP_MS).unref();
    void (async () => {
      await service.drain?.(ctx);
      calls.close(GRACE_MS);
      const idleMs = Math.min(config.DRAIN_MS, MAX_IDLE_MS);
      await Promise.all(servers.map((server) => closeServer(server, { idleMs, graceMs: GRACE_MS })));
      await within(5000, service.close(ctx)).catch((err) => log.warn({ err: err.message }, 'closing'));
      log.info('stopped');
      process.exit(0);
    })();
  };
}
