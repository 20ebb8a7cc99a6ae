// WebSocket upgrades and the events of their sockets. A refusal is an HTTP response with the error
// object.
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { AppError, isWebSocketUpgrade, notFound, refuseUpgrade, requestIdFrom, toAppError } from '@chatapi/kit';
import type { AccessClaims } from '@chatapi/kit/auth';
import { type WebSocket, WebSocketServer } from 'ws';
import { admitUpgrade, SOCKET_PATH } from './admit-upgrade.ts';
import { addConnection, CLOSE, closeConnection, dropConnection, helloOf } from './connections/connections.ts';
import { handleFrameAfterClose, isWithinBudget } from './connections/frame-excess.ts';
import type { Node } from './context.ts';
import { applyBackpressure, handleFrame } from './frames/dispatch.ts';
import type { Connection, LocalUser } from './state.ts';
import { pinUser, unpinUser } from './users/users.ts';
import { jsonFrame } from './wire/ws-frame.ts';

const MAX_FRAME = 64 * 1024;
/** Parts of a message, and of a frame in memory. Each costs much more than its bytes. */
const MAX_FRAGMENTS = 64;
const MAX_BUFFERED_CHUNKS = 256;

// Shared listeners instead of closures per socket: memory per connection limits the size of a node.
interface BoundSocket extends WebSocket {
  bound?: { node: Node; c: Connection };
}

/** @returns the connection, unless this node has closed it. */
function activeConnection({ bound }: BoundSocket): { node: Node; c: Connection } | undefined {
  if (bound?.c.closed) handleFrameAfterClose(bound.c);
  return bound?.c.closed ? undefined : bound;
}

function onMessage(this: BoundSocket, data: Buffer, isBinary: boolean): void {
  const bound = activeConnection(this);
  if (bound === undefined) return;
  bound.c.missedPongs = 0;
  bound.c.unfinishedSince = 0;
  handleFrame(bound.node, bound.c, data, isBinary);
}

/** Counts a ping or pong. `ws` has answered it; unread answers must not fill memory. */
function countControlFrame({ node, c }: { node: Node; c: Connection }, data: Buffer): void {
  applyBackpressure(node, c);
  isWithinBudget(node, c, data);
}

/** The answer to our ping is free; an unsolicited pong counts as any other frame. */
function onPong(this: BoundSocket, data: Buffer): void {
  const bound = activeConnection(this);
  if (bound === undefined) return;
  if (bound.c.missedPongs === 0) countControlFrame(bound, data);
  bound.c.missedPongs = 0;
}

function onPing(this: BoundSocket, data: Buffer): void {
  const bound = activeConnection(this);
  if (bound === undefined) return;
  bound.c.missedPongs = 0;
  countControlFrame(bound, data);
}

/** Too large, not UTF-8, bad mask: `ws` has sent the close code, and emits 'close' next. */
function onError(this: BoundSocket, err: Error): void {
  this.bound?.node.log.debug({ err: err.message, connection: this.bound.c.id }, 'socket error');
}

function onClose(this: BoundSocket, code: number): void {
  if (this.bound === undefined) return;
  dropConnection(this.bound.node, this.bound.c, code);
  this.bound.node.connectionLimit.uncount(this.bound.c);
}

function start(node: Node, ws: BoundSocket, socket: Socket, user: LocalUser, claims: AccessClaims): void {
  ws.on('message', onMessage).on('pong', onPong).on('ping', onPing).on('error', onError).on('close', onClose);
  const c = addConnection(node, { transport: ws, socket }, user, claims);
  ws.bound = { node, c };
  node.writer.write(c, jsonFrame(helloOf(node, c)));
  node.writer.flush(c);
  node.connectionLimit.count(c);
  if (node.draining) closeConnection(node, c, CLOSE.goingAway, 'the node is going away');
}

async function connect(
  node: Node,
  sockets: WebSocketServer,
  req: IncomingMessage,
  socket: Socket,
  head: Buffer,
  requestId: string,
): Promise<void> {
  const claims = await admitUpgrade(node, req, requestId);
  const { user, isNew } = await pinUser(node, claims.user_id);
  try {
    if (socket.destroyed) return;
    // Again, since a revocation while the rooms were loaded found no connection to close.
    const current = node.revocations.admit(claims);
    // The upgrade response and the hello go out in one write.
    socket.cork();
    sockets.handleUpgrade(req, socket, head, (ws) => start(node, ws, socket, user, current));
    socket.uncork();
  } finally {
    unpinUser(user);
  }
  if (isNew) node.presence.announce(user);
}

function refuse(node: Node, requestId: string, socket: Socket, thrown: unknown): void {
  const error = toAppError(thrown);
  if (error.code === 'INTERNAL_ERROR')
    node.log.error({ err: error.cause ?? error, request_id: requestId }, 'upgrade failed');
  refuseUpgrade(socket, error, requestId);
}

function destroy(this: Socket): void {
  this.destroy();
}

const createSocketServer = (): WebSocketServer =>
  new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: MAX_BUFFERED_CHUNKS,
    handleProtocols: (protocols) => (protocols.has('bearer') ? 'bearer' : false),
  });

export function attachUpgrades(node: Node, server: Server): void {
  const sockets = createSocketServer();
  // Other upgrades (`h2c`) are ignored, and the request is served as a plain one.
  Object.assign(server, { shouldUpgradeCallback: isWebSocketUpgrade });
  // A handshake that `ws` refuses (version, key) gets the error object too.
  sockets.on('wsClientError', (err, socket, req) =>
    refuse(
      node,
      requestIdFrom(req.headers['x-request-id']),
      socket as Socket,
      new AppError('VALIDATION_ERROR', err.message, { headers: { 'Sec-WebSocket-Version': '13' } }),
    ),
  );
  server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', destroy);
    const requestId = requestIdFrom(req.headers['x-request-id']);
    connect(node, sockets, req, socket, head, requestId).catch((thrown) => refuse(node, requestId, socket, thrown));
  });
}

/** The error for plain requests that are no stream: the public listener has nothing else. */
export function plainRequest(path: string): AppError {
  if (!SOCKET_PATH.test(path)) return notFound('Route');
  return new AppError('VALIDATION_ERROR', 'This path takes a WebSocket upgrade', {
    status: 426,
    headers: { Upgrade: 'websocket', Connection: 'Upgrade' },
  });
}
