// The order of checks on a request: load, path, caller, rate limit, authentication, body size.
// Then it goes to a service or to one of the gateway's own routes.
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { AppError, createApp, httpMetrics, requireShortUrl, respondError, router } from '@chatapi/kit';
import type express from 'express';
import { checkLength } from './body-limits.ts';
import { createIdentitySigner, identify } from './caller.ts';
import { createClientAddressReader } from './client-address.ts';
import type { Context } from './context.ts';
import { corsHeadersFor, createCors, originIn } from './cors.ts';
import { localRoutes } from './local-routes.ts';
import { createPacer } from './login-pacing.ts';
import { createRouteTable, isSocketPath, type RouteMatch } from './paths.ts';
import { createProxy } from './proxy.ts';
import { countBudget, countRequest, isExempt } from './rate-limits.ts';
import { type Exchange, type GatewayRequest, type GatewayResponse, startExchange } from './request-exchange.ts';
import { upstreamRequestHeaders } from './request-headers.ts';
import { setGatewayHeaders } from './response-headers.ts';
import { type Row, rows } from './routes.ts';
import { canUseRpc, createRpcForwarder } from './rpc-forwarder.ts';
import { attachUpgrades } from './socket-tunnels.ts';
import { createStopCheck } from './stopping.ts';
import { createStreamForwarder, wantsStream } from './stream-forwarder.ts';

/** Enough for the slowest upload; body-limits.ts has a shorter limit for JSON. */
const REQUEST_TIMEOUT_MS = 600_000;

export interface Gateway {
  handler: RequestListener;
  attach(server: Server): void;
  requestTimeout: number;
  parserErrorHeaders(packet: string): Record<string, string>;
}

function noRoute(req: GatewayRequest, { match, path }: Exchange): AppError {
  if (match !== undefined) {
    return new AppError('METHOD_NOT_ALLOWED', `${req.method} is not allowed here`, { headers: { Allow: match.allow } });
  }
  if (!isSocketPath(path)) return new AppError('RESOURCE_NOT_FOUND', 'No such route');
  const headers = { Upgrade: 'websocket', Connection: 'Upgrade' };
  return new AppError('VALIDATION_ERROR', 'This path requires a WebSocket upgrade', { status: 426, headers });
}

/** For a request to any path: when a preflight is refused, a page sees a network failure. */
const isPreflight = ({ method, headers, exchange }: GatewayRequest): boolean =>
  method === 'OPTIONS' && (exchange.match !== undefined || headers['access-control-request-method'] !== undefined);

/** Checks that need no I/O. @throws AppError 414, 503. */
function matchRoute(ctx: Context, req: GatewayRequest, table: (path: string) => RouteMatch | undefined): void {
  const { exchange } = req;
  exchange.match = table(exchange.path);
  exchange.row = exchange.match?.methods.get(req.method as string);
  // Also for a URL that is too long: without its preflight a page could not read the 414.
  if (!isPreflight(req)) requireShortUrl(req.url as string);
  if (exchange.row?.health !== true) ctx.load.check();
}

/**
 * @returns the route, if the caller may use it. @throws AppError 401, 403, 404, 405, 413, 429, 503
 */
async function admit(ctx: Context, req: GatewayRequest): Promise<Row> {
  const { exchange } = req;
  const from = { ip: exchange.client.ip, request_id: exchange.request_id };
  const caller = await identify(ctx, req.headers, from);
  exchange.caller = caller;
  const { row } = exchange;
  if (!isExempt(exchange)) await countRequest(ctx, exchange);
  if (row === undefined) throw noRoute(req, exchange);
  if (row.who === 'user' && caller.claims === undefined) throw caller.failure;
  checkLength(req, row, ctx.config.MAX_FILE_SIZE);
  if (row.budget !== undefined) await countBudget(ctx, exchange, row.budget);
  return row;
}

/** Serves the gateway's own routes as every service does. */
function createLocalHandler(ctx: Context): RequestListener {
  return createApp({ log: ctx.log, mount: (app: express.Express) => void app.use(router(ctx, ctx.keys, localRoutes)) });
}

export function createGateway(ctx: Context): Gateway {
  const isServed = ({ document, app }: Row): boolean =>
    (document !== true || ctx.config.DOCS === 'on') && (app === undefined || ctx[app] !== undefined);
  const table = createRouteTable(rows.filter(isServed));
  const clientOf = createClientAddressReader(ctx.config.TRUSTED_PROXIES);
  const sign = createIdentitySigner(ctx.keys);
  const cors = createCors(ctx.config.ALLOWED_ORIGINS);
  const pace = createPacer();
  const duration = httpMetrics(ctx.metrics);
  const handleLocally = createLocalHandler(ctx);
  const stopCheck = createStopCheck(ctx);

  function refuse(req: GatewayRequest, res: GatewayResponse, error: unknown): void {
    req.exchange.done = true;
    if (!res.headersSent) setGatewayHeaders(res, req.exchange);
    respondError(ctx.log, error, req, res, req.exchange.request_id);
  }
  const proxy = createProxy(ctx, refuse);
  const forwardByRpc = createRpcForwarder(ctx, refuse);
  const forwardStream = createStreamForwarder(ctx, refuse);

  function dispatch(req: GatewayRequest, res: GatewayResponse, row: Row): void {
    const { exchange } = req;
    if (row.viaRpc && canUseRpc(req)) {
      forwardByRpc(req, res);
      return;
    }
    const to = row.service === 'gateway' ? ctx.keys.self : row.service;
    const identity = sign(to, exchange.caller ?? {}, exchange.client.ip, req.headers['user-agent']);
    req.headers = upstreamRequestHeaders(req, identity);
    req.url = (exchange.match as RouteMatch).path + exchange.search;
    if (row.service !== 'gateway') {
      proxy(req, res);
      return;
    }
    setGatewayHeaders(res, exchange);
    handleLocally(req, res);
  }

  function preflight(req: GatewayRequest, res: GatewayResponse): void {
    setGatewayHeaders(res, req.exchange);
    const { match } = req.exchange;
    if (match !== undefined) res.setHeader('Allow', match.allow);
    cors(req, res, () => res.writeHead(204).end());
  }

  async function serve(req: GatewayRequest, res: GatewayResponse): Promise<void> {
    try {
      // First, so that pages can read every error.
      if (req.headers.origin !== undefined && req.method !== 'OPTIONS') cors(req, res, () => undefined);
      matchRoute(ctx, req, table);
      if (isPreflight(req)) return preflight(req, res);
      stopCheck.check(req, res);
      if (wantsStream(req)) return forwardStream(req, res);
      if (req.exchange.row?.paced) await pace();
      dispatch(req, res, await admit(ctx, req));
    } catch (error) {
      refuse(req, res, error);
    }
  }

  function handle(incoming: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void {
    let isCounted = true;
    const endRequest = (): void => {
      if (!isCounted) return;
      isCounted = false;
      ctx.load.leave();
      const labels = { method: req.method as string, route: req.exchange.match?.pattern ?? 'none' };
      const seconds = (performance.now() - req.exchange.started) / 1000;
      duration.observe({ ...labels, status: String(response.statusCode) }, seconds);
      ctx.requestCounts.count(response.statusCode);
    };
    const req = startExchange(incoming, clientOf(incoming), { awaitsContinue, endRequest });
    ctx.load.enter();
    response.once('close', endRequest);
    void serve(req, response as GatewayResponse);
  }

  return {
    requestTimeout: REQUEST_TIMEOUT_MS,
    parserErrorHeaders: (packet) => corsHeadersFor(cors, originIn(packet)),
    handler: (req, res) => handle(req, res, false),
    attach(server) {
      // Without this, Node would ask for the body before the request is checked.
      server.on('checkContinue', (req, res) => handle(req, res, true));
      stopCheck.attach(server);
      attachUpgrades(ctx, server, clientOf);
    },
  };
}
