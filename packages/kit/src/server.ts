// Owns: a listener that answers everything, parser errors included, with the seed's error object, and how it closes.
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import express from 'express';
import { AppError, errorBody, toAppError } from './errors.ts';
import { newId, requestIdFrom } from './ids.ts';
import type { Log } from './log.ts';
import type { Histogram } from './metrics.ts';

export interface AppOptions {
  log: Log;
  duration?: Histogram<'method' | 'route' | 'status'>;
  mount: (app: express.Express) => void;
}

/** An Express app with request id, metrics, JSON errors and 404 around what `mount` adds. */
export function openApp({ log, duration, mount }: AppOptions): express.Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.use((req, res, next) => {
    const started = process.hrtime.bigint();
    res.locals.request_id = requestIdFrom(req.headers['x-request-id']);
    res
      .set('X-Request-Id', res.locals.request_id as string)
      .set('X-Content-Type-Options', 'nosniff')
      .set('Cache-Control', 'no-store');
    res.once('finish', () => {
      duration?.observe(
        {
          method: req.method,
          route: (res.locals.route as string | undefined) ?? 'none',
          status: String(res.statusCode),
        },
        Number(process.hrtime.bigint() - started) / 1e9,
      );
    });
    next();
  });
  mount(app);
  app.use((req, _res, next) =>
    next(new AppError('RESOURCE_NOT_FOUND', `No route ${req.method} ${req.path.slice(0, 200)}`)),
  );
  app.use((thrown: unknown, req: express.Request, res: express.Response, _next: express.NextFunction) => {
    sendError(log, thrown, req, res);
  });
  return app;
}

const LINGER_MS = 5000;
const LINGER_BYTES = 64 * 1024 * 1024;

/**
 * Ends an answer whose request may still be arriving. Who still sends a body sees the answer only if we go on reading: Node
 * closes at the answer's end where `Connection: close` was asked for, which resets the connection and takes the answer with
 * it. Bounded, so that nobody feeds us for ever.
 */
export function endAnswer(req: IncomingMessage, res: ServerResponse): void {
  if (req.complete) {
    res.end();
    return;
  }
  let bytes = 0;
  const cut = setTimeout(() => req.socket.destroy(), LINGER_MS);
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > LINGER_BYTES) req.socket.destroy();
  });
  req
    .once('close', () => {
      clearTimeout(cut);
      res.end();
    })
    .resume();
}

function writeError(req: IncomingMessage, res: ServerResponse, error: AppError, requestId: string): void {
  const body = JSON.stringify(errorBody(error, requestId));
  const type = { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(body) };
  res.writeHead(error.status, { ...type, ...error.headers }).write(body);
  endAnswer(req, res);
}

/** Answers with the error object, on any HTTP response; what is under way already is cut. */
export function respondError(
  log: Log,
  thrown: unknown,
  req: IncomingMessage,
  res: ServerResponse,
  requestId: string,
): void {
  const error = toAppError(thrown);
  const line = { request_id: requestId, method: req.method, path: req.url?.split('?', 1)[0] };
  if (error.code === 'INTERNAL_ERROR') log.error({ err: error.cause ?? error, ...line }, 'request failed');
  else if (error.code === 'SERVICE_UNAVAILABLE')
    log.warn({ err: String(error.cause ?? error.message), ...line }, 'unavailable');
  if (res.headersSent) {
    res.destroy();
    return;
  }
  writeError(req, res, error, requestId);
}

export const sendError = (log: Log, thrown: unknown, req: express.Request, res: express.Response): void =>
  respondError(log, thrown, req, res, res.locals.request_id as string);

const PARSER_STATUS: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** What Node's parser refuses never reaches Express: answered on the bare socket, in the same shape. */
function refuse(socket: Socket, error: NodeJS.ErrnoException): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = PARSER_STATUS[error.code ?? ''] ?? 400;
  socket.end(
    errorResponse(new AppError('VALIDATION_ERROR', 'The request is not valid HTTP', { status }), newId('req')),
  );
}

/** Whole response text for a socket on which there is no `res`: parser errors, refused upgrades. The connection closes. */
export function errorResponse(error: AppError, requestId: string): string {
  const body = JSON.stringify(errorBody(error, requestId));
  const more = Object.entries(error.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return (
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\nContent-Type: application/json; charset=utf-8\r\nX-Request-Id: ${requestId}\r\n` +
    `X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n${more.join('')}Connection: close\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}

/** Node lets two Hosts pass, and answers a missing one or an unknown Expect without a body. */
function hasOneHost({ httpVersion, rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts === 1 || (hosts === 0 && httpVersion === '1.0');
}

function refuseRequest(req: IncomingMessage, res: ServerResponse, status: number, message: string): void {
  const id = requestIdFrom(req.headers['x-request-id']);
  res.setHeader('X-Request-Id', id).setHeader('X-Content-Type-Options', 'nosniff').setHeader('Connection', 'close');
  writeError(req, res, new AppError('VALIDATION_ERROR', message, { status }), id);
}

const withOneHost =
  (handler: RequestListener): RequestListener =>
  (req, res) =>
    hasOneHost(req) ? handler(req, res) : refuseRequest(req, res, 400, 'Exactly one Host header is needed');

export interface ListenOptions {
  host?: string;
  port: number;
  /** Whole request, in ms. Outer listeners wait longer than inner ones. */
  requestTimeout?: number;
}

export function listen(handler: RequestListener, options: ListenOptions): Promise<Server> {
  const settings = { maxHeaderSize: 16 * 1024, requireHostHeader: false, connectionsCheckingInterval: 2000 };
  const server = createServer(settings, withOneHost(handler));
  server.headersTimeout = 10_000;
  server.requestTimeout = options.requestTimeout ?? 30_000;
  server.keepAliveTimeout = 65_000;
  server.on('checkExpectation', (req, res) => refuseRequest(req, res, 417, 'Only `Expect: 100-continue` is known'));
  server.on('clientError', (error, socket) => refuse(socket as Socket, error));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: options.port, host: options.host, backlog: 4096 }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

/** Stops taking requests, lets those under way end, cuts what is left after `graceMs`. */
export function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
