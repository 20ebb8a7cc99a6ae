// Owns: the order in which the door looks at a request: load, path, who, limit, rights, size; then a service or a page of its own.
// Does not own: any of those checks, nor what a request means.
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { AppError, httpMetrics, openApp, respondError, router } from '@chatapi/kit';
import type express from 'express';
import { openAddresses } from './address.ts';
import { checkLength } from './body.ts';
import { identify, openSeals } from './caller.ts';
import type { Context } from './context.ts';
import { type DoorRequest, type DoorResponse, type Exchange, startExchange } from './exchange.ts';
import { openWay } from './give-way.ts';
import { inwardHeaders } from './inward.ts';
import { isPlain, openKept } from './kept.ts';
import { countRequest, countUpload } from './limits.ts';
import { openCors, setOwnHeaders } from './outward.ts';
import { ownRoutes } from './own-routes.ts';
import { type Found, isSocketPath, openTable } from './paths.ts';
import { openProxy } from './proxy.ts';
import { type Row, rows } from './routes.ts';
import { attachUpgrades } from './upgrade.ts';

const MAX_URL = 8 * 1024;
/** Of the slowest upload; a JSON body has its own, shorter one. */
const REQUEST_MS = 600_000;

export interface Door {
  handler: RequestListener;
  attach(server: Server): void;
  requestTimeout: number;
}

function noRoute(req: DoorRequest, { found, path }: Exchange): AppError {
  if (found !== undefined) {
    return new AppError('METHOD_NOT_ALLOWED', `${req.method} is not allowed here`, { headers: { Allow: found.allow } });
  }
  if (!isSocketPath(path)) return new AppError('RESOURCE_NOT_FOUND', 'No such route');
  const headers = { Upgrade: 'websocket', Connection: 'Upgrade' };
  return new AppError('VALIDATION_ERROR', 'This path takes a WebSocket upgrade', { status: 426, headers });
}

/** What may be known of a request without asking anybody. @throws AppError 414, 503. */
function look(ctx: Context, req: DoorRequest, table: (path: string) => Found | undefined): void {
  const { exchange } = req;
  if ((req.url as string).length > MAX_URL)
    throw new AppError('VALIDATION_ERROR', 'The URL is too long', { status: 414 });
  exchange.found = table(exchange.path);
  exchange.row = exchange.found?.methods.get(req.method as string);
  if (exchange.row?.free !== true) ctx.load.check();
}

/** @returns the route, for a caller who may use it. @throws AppError 401, 403, 404, 405, 413, 429, 503. */
async function admit(ctx: Context, req: DoorRequest): Promise<Row> {
  const { exchange } = req;
  const caller = await identify(ctx.verifier, ctx.revocations, req.headers.authorization);
  exchange.caller = caller;
  const { row } = exchange;
  if (row?.free !== true) await countRequest(ctx, exchange);
  if (row === undefined) throw noRoute(req, exchange);
  if (row.who === 'user' && caller.claims === undefined) throw caller.failure;
  checkLength(req, row, ctx.config.MAX_FILE_SIZE);
  if (row.file === 'upload') await countUpload(ctx, caller.claims?.user_id as string);
  return row;
}

/** The door's few own pages, in the frame of every service. */
function openOwnPages(ctx: Context): RequestListener {
  return openApp({ log: ctx.log, mount: (app: express.Express) => void app.use(router(ctx, ctx.key, ownRoutes)) });
}

export function openDoor(ctx: Context): Door {
  const table = openTable(rows);
  const originOf = openAddresses(ctx.config.TRUSTED_PROXIES);
  const seal = openSeals(ctx.key);
  const cors = openCors(ctx.config.ALLOWED_ORIGINS);
  const turn = openWay();
  const duration = httpMetrics(ctx.metrics);
  const ownPages = openOwnPages(ctx);

  function refuse(req: DoorRequest, res: DoorResponse, error: unknown): void {
    req.exchange.over = true;
    if (!res.headersSent) setOwnHeaders(res, req.exchange);
    respondError(ctx.log, error, req, res, req.exchange.request_id);
  }
  const proxy = openProxy(ctx, refuse);
  const kept = openKept(ctx, refuse);

  function onward(req: DoorRequest, res: DoorResponse, row: Row): void {
    const { exchange } = req;
    if (row.kept && isPlain(req)) {
      kept(req, res);
      return;
    }
    const sealed = seal(exchange.caller ?? {}, exchange.origin.ip, req.headers['user-agent']);
    req.headers = inwardHeaders(req, sealed);
    req.url = (exchange.found as Found).path + exchange.search;
    if (row.service !== 'door') {
      proxy(req, res);
      return;
    }
    setOwnHeaders(res, exchange);
    ownPages(req, res);
  }

  function preflight(req: DoorRequest, res: DoorResponse, { allow }: Found): void {
    setOwnHeaders(res, req.exchange);
    res.setHeader('Allow', allow);
    cors(req, res, () => res.writeHead(204).end());
  }

  async function serve(req: DoorRequest, res: DoorResponse): Promise<void> {
    try {
      look(ctx, req, table);
      const { found } = req.exchange;
      if (req.method === 'OPTIONS' && found !== undefined) return preflight(req, res, found);
      if (req.headers.origin !== undefined) cors(req, res, () => undefined);
      if (req.exchange.row?.gives_way) await turn();
      onward(req, res, await admit(ctx, req));
    } catch (error) {
      refuse(req, res, error);
    }
  }

  function begin(bare: IncomingMessage, response: ServerResponse, waits: boolean): void {
    const req = startExchange(bare, originOf(bare), waits);
    ctx.load.enter();
    response.once('close', () => {
      ctx.load.leave();
      const labels = { method: req.method as string, route: req.exchange.found?.pattern ?? 'none' };
      const seconds = (performance.now() - req.exchange.started) / 1000;
      duration.observe({ ...labels, status: String(response.statusCode) }, seconds);
    });
    void serve(req, response as DoorResponse);
  }

  return {
    requestTimeout: REQUEST_MS,
    handler: (req, res) => begin(req, res, false),
    attach(server) {
      // Answered by us, so that a body that will be refused is not sent at all.
      server.on('checkContinue', (req, res) => begin(req, res, true));
      attachUpgrades(ctx, server, originOf);
    },
  };
}
