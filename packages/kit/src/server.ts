// HTTP listeners that answer every request with JSON, errors of the parser included.
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import express from 'express';
import { trackSockets } from './close-server.ts';
import { AppError, errorBody, toAppError } from './errors.ts';
import { newId, requestIdFrom } from './ids.ts';
import type { Log } from './log.ts';
import type { Histogram } from './metrics.ts';

export interface AppOptions {
  log: Log;
  duration?: Histogram<'method' | 'route' | 'status'>;
  mount: (app: express.Express) => void;
}

/**
 * Creates an Express app with request ids, metrics, JSON errors and a 404 handler around `mount`.
 */
export function createApp({ log, duration, mount }: AppOptions): express.Express {
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
 * Ends a response while the request may still be arriving. A client that still sends sees the
 * response only if we keep reading: with `Connection: close`, Node closes the socket when the
 * response ends, and the reset discards it. Limited to 5 s and 64 MiB.
 */
export function endResponse(req: IncomingMessage, res: ServerResponse): void {
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
  endResponse(req, res);
}

/** Whoever knows the path of an incoming webhook may post: its last part is a secret. */
const HOOK_PATH = /^(\/hooks\/[^/]*\/).+$/;

const loggedPath = (url = ''): string | undefined => url.split('?', 1)[0]?.replace(HOOK_PATH, '$1[redacted]');

/** Sends the error object. A response that has begun is cut. */
export function respondError(
  log: Log,
  thrown: unknown,
  req: IncomingMessage,
  res: ServerResponse,
  requestId: string,
): void {
  const error = toAppError(thrown);
  const line = { request_id: requestId, method: req.method, path: loggedPath(req.url) };
  if (error.code === 'INTERNAL_ERROR') log.error({ err: error.cause ?? error, ...line }, 'request failed');
  else if (error.code === 'SERVICE_UNAVAILABLE' && error.isLogged)
    log.warn({ err: String(error.cause ?? error.message), ...line }, 'unavailable');
  if (res.headersSent) {
    res.destroy();
    return;
  }
  writeError(req, res, error, requestId);
}

const sendError = (log: Log, thrown: unknown, req: express.Request, res: express.Response): void =>
  respondError(log, thrown, req, res, res.locals.request_id as string);

type ParserError = NodeJS.ErrnoException & { rawPacket?: Buffer };

const PARSER_STATUS: Record<string, number> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** Requests that Node's parser rejects never reach Express, so they are answered on the socket. */
function refuse(socket: Socket, error: ParserError, headersFor: ListenOptions['parserErrorHeaders']): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = PARSER_STATUS[error.code ?? ''] ?? 400;
  const headers = headersFor?.(error.rawPacket?.toString('latin1') ?? '') ?? {};
  const message = status === 431 ? 'The headers are too large' : 'The request is not valid HTTP';
  socket.end(errorResponse(new AppError('VALIDATION_ERROR', message, { status, headers }), newId('req')));
}

/**
 * The text of an error response for a socket without `res` (parser errors, refused upgrades). It
 * closes the connection.
 */
export function errorResponse(error: AppError, requestId: string): string {
  const body = JSON.stringify(errorBody(error, requestId));
  const headers = { ...error.headers, Connection: 'close', 'Content-Length': Buffer.byteLength(body) };
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return (
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\nContent-Type: application/json; charset=utf-8\r\nX-Request-Id: ${requestId}\r\n` +
    `X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n${more.join('')}\r\n${body}`
  );
}

/**
 * Answers an upgrade with an error and closes the socket. A client that does not close its own end
 * is cut after LINGER_MS.
 */
export function refuseUpgrade(socket: Duplex, error: AppError, requestId: string): void {
  if (socket.writable) socket.end(errorResponse(error, requestId));
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** Node accepts two Host headers, and answers a missing one or an unknown Expect without a body. */
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
    hasOneHost(req) ? handler(req, res) : refuseRequest(req, res, 400, 'Exactly one Host header is required');

export interface ListenOptions {
  host?: string;
  port: number;
  /** Time limit of a request in ms; default 30,000. */
  requestTimeout?: number;
  /** More headers for the answer to bytes that the parser refused. */
  parserErrorHeaders?(packet: string): Record<string, string>;
}

export function listen(handler: RequestListener, options: ListenOptions): Promise<Server> {
  const settings = { maxHeaderSize: 16 * 1024, requireHostHeader: false, connectionsCheckingInterval: 2000 };
  const server = createServer(settings, withOneHost(handler));
  trackSockets(server);
  server.headersTimeout = 10_000;
  server.requestTimeout = options.requestTimeout ?? 30_000;
  server.keepAliveTimeout = 65_000;
  server.on('checkExpectation', (req, res) => refuseRequest(req, res, 417, 'Only `Expect: 100-continue` is known'));
  server.on('clientError', (error, socket) => refuse(socket as Socket, error, options.parserErrorHeaders));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: options.port, host: options.host, backlog: 4096 }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}
