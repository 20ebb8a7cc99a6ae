// Owns: a request's way to a service and its answer's way back, unread. http-proxy-middleware without its plugins; our agent
// connects (instances.ts), our lists say which headers pass.
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { type AppError, endAnswer, unavailable } from '@chatapi/kit';
import { createProxyMiddleware, type Plugin } from 'http-proxy-middleware';
import { hasBody, watchBody } from './body.ts';
import type { Upstream } from './config.ts';
import type { Context } from './context.ts';
import type { DoorRequest, DoorResponse, Exchange } from './exchange.ts';
import { type Instance, openAgent } from './instances.ts';
import { outwardHeaders } from './outward.ts';
import type { Row } from './routes.ts';

/** A client waits 10 s, a service 5: silence for longer than this is none of theirs. */
const SILENCE_MS = 8000;
const FILE_SILENCE_MS = 60_000;
const PROMPT_SILENCE_MS = 2500;
const RETRY_WITHIN_MS = 1000;

export type Refuse = (req: DoorRequest, res: DoorResponse, error: unknown) => void;

const serviceOf = ({ row }: Exchange): Upstream => (row as Row).service as Upstream;

/** A kept connection that its service closed just now: what only reads, and had no answer yet, may be asked again. */
const mayRetry = (req: DoorRequest): boolean =>
  !req.exchange.retried &&
  (req.method === 'GET' || req.method === 'HEAD') &&
  !hasBody(req) &&
  !req.socket.destroyed &&
  performance.now() - req.exchange.started < RETRY_WITHIN_MS;

function reasonOf(error: NodeJS.ErrnoException): string {
  return error.code === 'ECONNREFUSED' || error.code === 'ENOTFOUND' || error.code === 'ETIMEDOUT'
    ? 'refused'
    : 'broken';
}

export function openProxy(ctx: Context, refuse: Refuse): (req: DoorRequest, res: DoorResponse) => void {
  const agent = openAgent(Object.values(ctx.groups));

  function failed(error: NodeJS.ErrnoException, req: DoorRequest, res: DoorResponse): void {
    const { exchange } = req;
    if (exchange.over || res.writableEnded || res.destroyed) return;
    if (res.headersSent) {
      res.destroy();
      return;
    }
    if (mayRetry(req)) {
      exchange.retried = true;
      forward(req, res);
      return;
    }
    const service = serviceOf(exchange);
    ctx.counters.upstreamErrors.inc({ service, reason: reasonOf(error) });
    refuse(req, res, unavailable('The service behind this', error));
  }

  function answered(from: IncomingMessage, req: DoorRequest, res: DoorResponse): void {
    if (req.exchange.over) return;
    res.writeHead(from.statusCode as number, outwardHeaders(req.exchange, from.headers));
    from.pipe(res, { end: false });
    from.once('end', () => {
      req.exchange.over = true;
      endAnswer(req, res);
    });
  }

  function connected(onward: ClientRequest, req: DoorRequest, res: DoorResponse): void {
    if (!hasBody(req)) return;
    if (req.exchange.waits) res.writeContinue();
    const fail = (error: AppError): void => {
      // A service that has refused it already goes on reading, within bounds, so that its answer is seen.
      if (res.headersSent) return;
      req.unpipe(onward);
      onward.destroy();
      refuse(req, res, error);
    };
    watchBody(req, req.exchange.row as Row, ctx.config.MAX_FILE_SIZE, fail);
  }

  const plugin: Plugin<DoorRequest, DoorResponse> = (proxy) => {
    proxy.on('error', (error, req, res) => failed(error, req as DoorRequest, res as DoorResponse));
    proxy.on('proxyRes', (from, req, res) =>
      answered(from as IncomingMessage, req as DoorRequest, res as DoorResponse),
    );
    proxy.on('proxyReq', (onward, req, res) => connected(onward, req as DoorRequest, res as DoorResponse));
  };

  const open = (proxyTimeout: number) =>
    createProxyMiddleware<DoorRequest, DoorResponse>({
      agent: agent as Agent,
      router: (req) => req.exchange.instance as Instance,
      selfHandleResponse: true,
      ejectPlugins: true,
      plugins: [plugin],
      proxyTimeout,
    });
  const quick = open(SILENCE_MS);
  const slow = open(FILE_SILENCE_MS);
  const prompt = open(PROMPT_SILENCE_MS);
  const wayOf = ({ row }: Exchange) => (row?.file !== undefined ? slow : row?.prompt ? prompt : quick);

  function forward(req: DoorRequest, res: DoorResponse): void {
    const { exchange } = req;
    exchange.instance = ctx.groups[serviceOf(exchange)].next();
    void wayOf(exchange)(req, res);
  }
  return forward;
}
