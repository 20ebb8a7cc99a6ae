// Owns: who gets a socket: path, origin, token, user, in this order; a refusal is an HTTP answer with the error object.
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import {
  type AccessClaims,
  AppError,
  errorResponse,
  IDENTITY_HEADER,
  notFound,
  openIdentity,
  requestIdFrom,
  toAppError,
  unavailable,
} from '@chatapi/kit';
import { type WebSocket, WebSocketServer } from 'ws';
import { addConnection, CLOSE, closeConnection, dropConnection } from './connections.ts';
import { slowDown, takeFrame } from './frames.ts';
import type { Connection, LocalUser, Node } from './node.ts';
import { pinUser, unpinUser } from './users.ts';

const MAX_FRAME = 64 * 1024;
const MAX_URL = 8 * 1024;
export const SOCKET_PATH = /^\/ws\/([A-Za-z0-9_.-]{1,80})\/?$/;

const sockets = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: MAX_FRAME,
  handleProtocols: (protocols) => (protocols.has('bearer') ? 'bearer' : false),
});

/** Only the door knows the inside's seal: from anybody else a forwarded host says nothing. */
function hostOf({ key }: Node, { headers }: IncomingMessage): string | undefined {
  try {
    openIdentity(key, headers[IDENTITY_HEADER]);
    return String(headers['x-forwarded-host'] ?? headers.host);
  } catch {
    return headers.host;
  }
}

const originAllowed = (node: Node, req: IncomingMessage): boolean => {
  const { origin } = req.headers;
  const allowed = node.config.ALLOWED_ORIGINS;
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return true;
  // Pages of this very server: its documents try the socket out.
  const host = hostOf(node, req);
  return origin === `http://${host}` || origin === `https://${host}`;
};

const BEARER = /^bearer\s+(\S+)\s*$/i;

/** `Authorization: Bearer …`, `?token=…`, or `Sec-WebSocket-Protocol: bearer, …`. */
function tokenOf(req: IncomingMessage, query: URLSearchParams): string | undefined {
  const inHeader = BEARER.exec(req.headers.authorization ?? '')?.[1];
  if (inHeader !== undefined) return inHeader;
  const inQuery = query.get('token');
  if (inQuery !== null && inQuery !== '') return inQuery;
  const [scheme, token] = (req.headers['sec-websocket-protocol'] ?? '').split(',').map((part) => part.trim());
  return scheme === 'bearer' ? token : undefined;
}

async function admit(node: Node, req: IncomingMessage): Promise<AccessClaims> {
  const { url = '' } = req;
  if (url.length > MAX_URL) throw new AppError('VALIDATION_ERROR', 'The URL is too long', { status: 414 });
  const [path = '', query = ''] = url.split('?', 2);
  const wanted = SOCKET_PATH.exec(path)?.[1];
  if (req.method !== 'GET' || wanted === undefined)
    throw new AppError('VALIDATION_ERROR', 'Only /ws/{user_id} takes an upgrade');
  if (node.draining) throw unavailable('This node');
  if (!originAllowed(node, req)) throw new AppError('AUTHORIZATION_ERROR', 'This origin is not allowed');
  const token = tokenOf(req, new URLSearchParams(query));
  if (token === undefined) throw new AppError('AUTHENTICATION_ERROR', 'An access token is needed');
  const claims = node.revocations.admit(await node.verifier.verify(token));
  if (wanted !== 'me' && wanted !== claims.user_id)
    throw new AppError('AUTHORIZATION_ERROR', 'This is another user’s socket');
  return claims;
}

// One set of listeners for all sockets instead of closures each: memory per connection is what bounds a node.
interface Bound extends WebSocket {
  bound?: { node: Node; c: Connection };
}

function onMessage(this: Bound, data: Buffer, isBinary: boolean): void {
  if (this.bound === undefined) return;
  this.bound.c.missed = 0;
  takeFrame(this.bound.node, this.bound.c, data, isBinary);
}

function onPong(this: Bound): void {
  if (this.bound !== undefined) this.bound.c.missed = 0;
}

/** `ws` has answered it; pongs that nobody reads must not fill memory. */
function onPing(this: Bound): void {
  if (this.bound === undefined) return;
  this.bound.c.missed = 0;
  slowDown(this.bound.node, this.bound.c);
}

/** Too large, not UTF-8, bad masks: `ws` has said the fitting close code by itself, and says 'close' next. */
function onError(this: Bound, err: Error): void {
  this.bound?.node.log.debug({ err: err.message, connection: this.bound.c.id }, 'a socket failed');
}

function onClose(this: Bound, code: number): void {
  if (this.bound === undefined) return;
  dropConnection(this.bound.node, this.bound.c, code);
  this.bound.node.limit.uncount(this.bound.c);
}

function start(node: Node, ws: Bound, socket: Socket, user: LocalUser, claims: AccessClaims): void {
  ws.on('message', onMessage).on('pong', onPong).on('ping', onPing).on('error', onError).on('close', onClose);
  const c = addConnection(node, ws, socket, user, claims);
  ws.bound = { node, c };
  node.writer.flush(c);
  node.limit.count(c);
  if (node.draining) closeConnection(node, c, CLOSE.goingAway, 'the node is going away');
}

async function connect(node: Node, req: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
  const claims = await admit(node, req);
  const { user, isNew } = await pinUser(node, claims.user_id);
  try {
    if (socket.destroyed) return;
    // What was revoked while the rooms were loaded met no connection to close.
    const current = node.revocations.admit(claims);
    // The answer to the upgrade and the hello leave in one write.
    socket.cork();
    sockets.handleUpgrade(req, socket, head, (ws) => start(node, ws, socket, user, current));
    socket.uncork();
  } finally {
    unpinUser(user);
  }
  if (isNew) node.arrivals.tell(user);
}

function refuse(node: Node, req: IncomingMessage, socket: Socket, thrown: unknown): void {
  const error = toAppError(thrown);
  const requestId = requestIdFrom(req.headers['x-request-id']);
  if (error.code === 'INTERNAL_ERROR')
    node.log.error({ err: error.cause ?? error, request_id: requestId }, 'an upgrade failed');
  if (socket.writable) socket.end(errorResponse(error, requestId));
}

function destroy(this: Socket): void {
  this.destroy();
}

const isWebSocket = ({ headers }: IncomingMessage): boolean =>
  /(?:^|,)\s*websocket\s*(?:,|$)/i.test(headers.upgrade ?? '');

export function attachUpgrades(node: Node, server: Server): void {
  // `Upgrade: h2c` and the like are ignored: the request is served as what it else is.
  Object.assign(server, { shouldUpgradeCallback: isWebSocket });
  // A handshake that ws refuses (version, key) answers in the same shape as everything else.
  sockets.on('wsClientError', (err, socket, req) =>
    refuse(
      node,
      req,
      socket as Socket,
      new AppError('VALIDATION_ERROR', err.message, { headers: { 'Sec-WebSocket-Version': '13' } }),
    ),
  );
  server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', destroy);
    connect(node, req, socket, head).catch((thrown) => refuse(node, req, socket, thrown));
  });
}

/** Plain requests on the main listener: there is nothing here but sockets. */
export function plainRequest(path: string): AppError {
  if (!SOCKET_PATH.test(path)) return notFound('Route');
  return new AppError('VALIDATION_ERROR', 'This takes a WebSocket', {
    status: 426,
    headers: { Upgrade: 'websocket', Connection: 'Upgrade' },
  });
}
