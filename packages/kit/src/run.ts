// Owns: the life of a service process: config → context → two listeners → ready → SIGTERM → exit 0.
// Does not own: what the service does in between.
import type { RequestListener, Server } from 'node:http';
import type express from 'express';
import { openCallDoor } from './call-door.ts';
import type { BaseConfig } from './config.ts';
import { describeRoutes } from './describe.ts';
import { answerCalls, type Route, router } from './endpoint.ts';
import { identityKey } from './identity.ts';
import { type Log, openLog } from './log.ts';
import { httpMetrics, type Metrics, openMetrics } from './metrics.ts';
import { closeServer, listen, openApp } from './server.ts';

/** What kit gives to `open`; a service's context extends it. */
export interface Base<F extends BaseConfig = BaseConfig> {
  config: F;
  log: Log;
  metrics: Metrics;
}

export interface Service<F extends BaseConfig, C extends Base<F>> {
  name: string;
  version: string;
  config: F;
  /** Opens what the process lives on; may wait for PostgreSQL: it is retried until it works. */
  open(base: Base<F>): Promise<C>;
  /** Throws when the service can't do its work right now; asked by `/health/ready`. */
  ready(ctx: C): Promise<void>;
  /** Lets go whom it holds, sockets and callers who wait, before the listeners close. */
  drain?(ctx: C): Promise<void>;
  /** Ends in at most 5 s; listeners are closed by then. */
  close(ctx: C): Promise<void>;
  /** Public routes (behind the door), on the main listener. */
  routes?: Route<C>[];
  /** Routes for other services, on the second listener, under `/internal/`. */
  internalRoutes?: Route<C>[];
  /** Faces the world: the main listener's own handler, or more on the usual one; and what to do with the server (upgrades). */
  door?(ctx: C): {
    handler?: RequestListener;
    mount?(app: express.Express): void;
    attach?(server: Server): void;
    requestTimeout?: number;
  };
  /** Milliseconds for a whole request on the main listener; default 30,000. */
  requestTimeout?: number;
  /** Answer liveness and readiness on the main listener too (true for all that the world can't reach). */
  healthOutside?: boolean;
}

const OPEN_RETRY_MS = 300;
const READY_MS = 2000;
const CLOSE_MS = 3000;

async function openWithPatience<F extends BaseConfig, C extends Base<F>>(
  service: Service<F, C>,
  base: Base<F>,
): Promise<C> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await service.open(base);
    } catch (err) {
      // PostgreSQL may come up after us: being restarted would only be slower.
      const line = { err: (err as Error).message, attempt };
      attempt % 20 === 0 ? base.log.error(line, 'still waiting to open') : base.log.debug(line, 'waiting to open');
      if (attempt > 400) throw err;
      await new Promise((resolve) => setTimeout(resolve, OPEN_RETRY_MS));
    }
  }
}

const within = <T>(ms: number, work: Promise<T>): Promise<T> =>
  Promise.race([
    work,
    new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms).unref()),
  ]);

interface State {
  draining: boolean;
}

function mountHealth<F extends BaseConfig, C extends Base<F>>(
  app: express.Express,
  service: Service<F, C>,
  ctx: C,
  state: State,
): void {
  const self = { service: service.name, instance: ctx.config.INSTANCE, version: service.version };
  app.get('/health/live', (_req, res) => {
    res.json({ status: 'ok', ...self, uptime_s: Math.round(process.uptime()) });
  });
  app.get('/health/ready', async (_req, res) => {
    try {
      if (state.draining) throw new Error('draining');
      await within(READY_MS, service.ready(ctx));
      res.json({ status: 'ok', ...self, uptime_s: Math.round(process.uptime()) });
    } catch (err) {
      ctx.log.debug({ err: (err as Error).message }, 'not ready');
      res.status(503).json({ status: 'unavailable', ...self });
    }
  });
}

function mountMetrics(app: express.Express, metrics: Metrics): void {
  app.get('/metrics', async (_req, res) => {
    res.type(metrics.contentType).send(await metrics.metrics());
  });
}

/** Runs until SIGTERM/SIGINT (or until the local cluster's runner is gone); then exits 0. */
export async function run<F extends BaseConfig, C extends Base<F>>(service: Service<F, C>): Promise<void> {
  const { config } = service;
  const log = openLog(service.name, config.INSTANCE, config.LOG_LEVEL);
  const metrics = openMetrics(service.name, config.INSTANCE);
  const state: State = { draining: false };
  let stop = (): void => process.exit(0);
  const onStop = (): void => stop();
  process.on('SIGTERM', onStop).on('SIGINT', onStop);
  if (config.CHATAPI_SUPERVISED) process.on('disconnect', onStop);
  process.on('unhandledRejection', (err) => log.error({ err }, 'unhandled rejection'));
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'uncaught exception');
    process.exit(1);
  });

  const ctx = await openWithPatience(service, { config, log, metrics });
  const key = identityKey(config.INTERNAL_SECRET_KEY);
  const duration = httpMetrics(metrics);
  const door = service.door?.(ctx);
  const inner = openApp({
    log,
    mount(app) {
      mountHealth(app, service, ctx, state);
      mountMetrics(app, metrics);
      app.get('/internal/openapi.json', (_req, res) => void res.json(describeRoutes(service.routes ?? [])));
      app.use(router(ctx, key, service.internalRoutes ?? []));
    },
  });
  const outer = openApp({
    log,
    duration,
    mount(app) {
      if (service.healthOutside ?? door === undefined) mountHealth(app, service, ctx, state);
      if (door === undefined) mountMetrics(app, metrics);
      door?.mount?.(app);
      app.use(router(ctx, key, service.routes ?? []));
    },
  });
  const inside = await listen(inner, { host: config.INTERNAL_HOST ?? config.HOST, port: config.INTERNAL_PORT });
  const calls = openCallDoor(inside, key, log, answerCalls(ctx, service.internalRoutes ?? []));
  const servers = [
    inside,
    await listen(door?.handler ?? outer, {
      host: config.HOST,
      port: config.PORT,
      requestTimeout: door?.requestTimeout ?? service.requestTimeout,
    }),
  ];
  door?.attach?.(servers[1] as Server);
  log.info({ port: config.PORT, internal_port: config.INTERNAL_PORT }, 'ready');

  stop = () => {
    if (state.draining) return;
    state.draining = true;
    setTimeout(() => process.exit(1), 25_000).unref();
    void (async () => {
      await service.drain?.(ctx);
      calls.close(CLOSE_MS);
      await Promise.all(servers.map((server) => closeServer(server, CLOSE_MS)));
      await within(5000, service.close(ctx)).catch((err) => log.warn({ err: err.message }, 'closing'));
      log.info('stopped');
      process.exit(0);
    })();
  };
}
