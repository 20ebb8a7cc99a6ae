// Owns: the way from an upgrade request to a live connection. Refusals are HTTP answers with the error object; after 101
// the hello is already true: the user's rooms are loaded and live before the handshake is answered.
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { type AccessClaims, AppError, errorResponse, requestIdFrom, toAppError, unavailable } from '@chatapi/kit';
import { type WebSocket, WebSocketServer } from 'ws';
import { addConnection, closeConnection, dropConnection } from './connections.ts';
import { slowDown, takeFrame } from './frames.ts';
import type { Connection, LocalUser, Node } from './node.ts';
import { cameOnline } from './presence.ts';
import { checkOrigin, chooseProtocol, isWebSocket, readUpgrade } from './upgrade-request.ts';
import { pinUser, unpinUser } from './users.ts';

const MAX_FRAME = 64 * 1024;
/** Handshakes under way at which more are refused: each holds a socket and a call to message. */
const MOST_UNDER_WAY = 2000;

// One set of listeners for all sockets instead of closures each: memory per connection is what bounds a node.
interface Bound extends WebSocket {
  bound?: { node: Node; c: Connection };
}

function onMessage(this: Bound, data: Buffer, isBinary: boolean): void {
  if (this.bound === undefined) return;
  const { node, c } = this.bound;
  c.missed = 0;
  takeFrame(node, c, data, isBinary);
}
function onPong(this: Bound): void {
  if (this.bound !== undefined) this.bound.c.missed = 0;
}
/** `ws` has answered it; a flood of pings that nobody reads the pongs of must not fill memory. */
function onPing(this: Bound): void {
  if (this.bound === undefined) return;
  this.bound.c.missed = 0;
  slowDown(this.bound.node, this.bound.c);
}
function onClose(this: Bound, code: number): void {
  if (this.bound !== undefined) dropConnection(this.bound.node, this.bound.c, code);
}
function onError(this: Bound): void {
  // `ws` closes with the right code (1009 too large, 1007 no UTF-8 …) and says 'close' next.
}

function bind(node: Node, ws: Bound, socket: Socket, user: LocalUser, claims: AccessClaims): Connection {
  const c = addConnection(node, ws, socket, user, claims);
  ws.bound = { node, c };
  ws.on('message', onMessage).on('pong', onPong).on('ping', onPing).on('close', onClose);
  return c;
}

async function admit(node: Node, req: IncomingMessage): Promise<AccessClaims> {
  if (node.draining) throw unavailable('This node');
  const { who, token } = readUpgrade(req);
  checkOrigin(req, node.config.ALLOWED_ORIGINS);
  const claims = node.revocations.admit(await node.verifier.verify(token));
  if (who !== 'me' && who !== claims.user_id) throw new AppError('AUTHORIZATION_ERROR', 'The token is another user’s');
  return claims;
}

export interface Upgrades {
  attach(server: Server): void;
}

export function openUpgrades(node: Node): Upgrades {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME,
    handleProtocols: chooseProtocol,
  });
  server.on('wsClientError', (_error, socket) =>
    refuse(
      socket as Socket,
      new AppError('VALIDATION_ERROR', 'The WebSocket handshake is not valid'),
      requestIdFrom(undefined),
    ),
  );
  let underWay = 0;

  function refuse(socket: Socket, thrown: unknown, requestId: string): void {
    const error = toAppError(thrown);
    if (error.code === 'INTERNAL_ERROR')
      node.log.error({ err: error.cause ?? error, request_id: requestId }, 'upgrade failed');
    else
      node.log.debug(
        { code: error.code, err: String(error.cause ?? error.message), request_id: requestId },
        'upgrade refused',
      );
    if (socket.writable) socket.end(errorResponse(error, requestId));
    else socket.destroy();
  }

  function accept(req: IncomingMessage, socket: Socket, head: Buffer, user: LocalUser, claims: AccessClaims): void {
    server.handleUpgrade(req, socket, head, (ws) => {
      ws.on('error', onError);
      const c = bind(node, ws, socket, user, claims);
      // What was revoked while the rooms were loaded found no connection to close.
      if (node.draining) closeConnection(node, c, 1012, 'the node is going away');
    });
  }

  async function connect(req: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    if (underWay >= MOST_UNDER_WAY) throw unavailable('This node');
    const claims = await admit(node, req);
    const { user, isNew } = await pinUser(node, claims.user_id);
    try {
      accept(req, socket, head, user, node.revocations.admit(claims));
    } finally {
      unpinUser(user);
    }
    if (isNew) cameOnline(node, [user]).catch(() => undefined); // told again with the next change
  }

  function onUpgrade(req: IncomingMessage, socket: Socket, head: Buffer): void {
    const requestId = requestIdFrom(req.headers['x-request-id']);
    const onSocketError = (): void => void socket.destroy();
    socket.on('error', onSocketError);
    underWay++;
    connect(req, socket, head)
      .catch((thrown) => refuse(socket, thrown, requestId))
      .finally(() => {
        underWay--;
        if (!socket.destroyed && socket.writable) socket.off('error', onSocketError).on('error', ignore);
      });
  }

  return {
    attach(http) {
      // `Upgrade: h2c` and the like are ignored: the request is served as what it else is.
      Object.assign(http, { shouldUpgradeCallback: isWebSocket });
      http.on('upgrade', (req, socket, head) => onUpgrade(req, socket as Socket, head));
    },
  };
}

const ignore = (): void => undefined;
