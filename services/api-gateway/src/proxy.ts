// Proxies requests and responses without reading them: http-proxy-middleware without its plugins.
// Connections come from upstreams.ts, headers from request-headers.ts and response-headers.ts.
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { type AppError, endResponse, unavailable } from '@chatapi/kit';
import { REFUSED_HEADER } from '@chatapi/kit/auth';
import { createProxyMiddleware, type Plugin } from 'http-proxy-middleware';
import { hasBody, watchBody } from './body-limits.ts';
import type { ServiceName } from './config.ts';
import type { Context } from './context.ts';
import type { Exchange, GatewayRequest, GatewayResponse } from './request-exchange.ts';
import { clientResponseHeaders } from './response-headers.ts';
import type { Row } from './routes.ts';
import { createUpstreamAgent, type Instance } from './upstreams.ts';

/**
 * Idle timeouts of the upstream. By comparison, clients time out after 10 s, services after 5 s.
 */
const IDLE_MS = 8000;
const FILE_IDLE_MS = 60_000;
const SHORT_IDLE_MS = 2500;
const RETRY_WITHIN_MS = 1000;

export type Refuse = (req: GatewayRequest, res: GatewayResponse, error: unknown) => void;

const serviceOf = ({ row }: Exchange): ServiceName => (row as Row).service as ServiceName;

/**
 * A service may close a keep-alive connection just as it is reused. A request that only reads and
 * has no response yet is therefore sent once more.
 */
const mayRetry = (req: GatewayRequest): boolean =>
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

export function createProxy(ctx: Context, refuse: Refuse): (req: GatewayRequest, res: GatewayResponse) => void {
  const agent = createUpstreamAgent(Object.values(ctx.upstreams));

  function onError(error: NodeJS.ErrnoException, req: GatewayRequest, res: GatewayResponse): void {
    const { exchange } = req;
    if (exchange.done || res.writableEnded || res.destroyed) return;
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
    ctx.gatewayMetrics.upstreamErrors.inc({ service, reason: reasonOf(error) });
    refuse(req, res, unavailable('The service behind this', error));
  }

  function onResponse(upstreamRes: IncomingMessage, req: GatewayRequest, res: GatewayResponse): void {
    if (req.exchange.done) return;
    if (upstreamRes.headers[REFUSED_HEADER] !== undefined) {
      upstreamRes.resume();
      const service = serviceOf(req.exchange);
      ctx.gatewayMetrics.upstreamErrors.inc({ service, reason: 'refused' });
      refuse(req, res, unavailable('The service behind this', new Error(`${service} does not accept our key`)));
      return;
    }
    res.writeHead(upstreamRes.statusCode as number, clientResponseHeaders(req.exchange, upstreamRes.headers));
    upstreamRes.pipe(res, { end: false });
    upstreamRes.once('end', () => {
      req.exchange.done = true;
      endResponse(req, res);
    });
  }

  function onRequest(upstreamReq: ClientRequest, req: GatewayRequest, res: GatewayResponse): void {
    if (!hasBody(req)) return;
    if (req.exchange.awaitsContinue) res.writeContinue();
    const fail = (error: AppError): void => {
      // The service has refused the request and drains the body, within bounds: its response
      // stands.
      if (res.headersSent) return;
      req.unpipe(upstreamReq);
      upstreamReq.destroy();
      refuse(req, res, error);
    };
    watchBody(req, req.exchange.row as Row, ctx.config.MAX_FILE_SIZE, fail);
  }

  const plugin: Plugin<GatewayRequest, GatewayResponse> = (proxy) => {
    proxy.on('error', (error, req, res) => onError(error, req as GatewayRequest, res as GatewayResponse));
    proxy.on('proxyRes', (upstreamRes, req, res) =>
      onResponse(upstreamRes as IncomingMessage, req as GatewayRequest, res as GatewayResponse),
    );
    proxy.on('proxyReq', (upstreamReq, req, res) =>
      onRequest(upstreamReq, req as GatewayRequest, res as GatewayResponse),
    );
  };

  const createMiddleware = (proxyTimeout: number) =>
    createProxyMiddleware<GatewayRequest, GatewayResponse>({
      agent: agent as Agent,
      router: (req) => req.exchange.instance as Instance,
      selfHandleResponse: true,
      ejectPlugins: true,
      plugins: [plugin],
      proxyTimeout,
    });
  const normal = createMiddleware(IDLE_MS);
  const files = createMiddleware(FILE_IDLE_MS);
  const short = createMiddleware(SHORT_IDLE_MS);
  const middlewareFor = ({ row }: Exchange) => (row?.file !== undefined ? files : row?.shortTimeout ? short : normal);

  function forward(req: GatewayRequest, res: GatewayResponse): void {
    const { exchange } = req;
    try {
      exchange.instance = ctx.upstreams[serviceOf(exchange)].next();
    } catch (error) {
      refuse(req, res, error);
      return;
    }
    void middlewareFor(exchange)(req, res);
  }
  return forward;
}
