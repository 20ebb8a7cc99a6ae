// Closes an HTTP listener without failing requests.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';

/** Open sockets per server: `closeAllConnections` does not reach upgraded ones. */
const socketsOf = new WeakMap<Server, Set<Socket>>();

export function trackSockets(server: Server): void {
  const sockets = new Set<Socket>();
  socketsOf.set(server, sockets);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
}

const closeAfterResponse = (_req: IncomingMessage, res: ServerResponse): void => {
  res.shouldKeepAlive = false;
};

export interface CloseOptions {
  /**
   * How long idle connections stay open, in ms. A client may be sending a request on one just now:
   * it is served, and its response closes the connection.
   */
  idleMs: number;
  /** How long requests in flight and upgraded sockets may take after that, in ms. */
  graceMs: number;
}

const SWEEP_MS = 100;

/**
 * Stops accepting connections at once, so that clients go to another instance. Resolves when the
 * last connection is closed, after `idleMs + graceMs` at the latest.
 */
export async function closeServer(server: Server, { idleMs, graceMs }: CloseOptions): Promise<void> {
  server.prependListener('request', closeAfterResponse).prependListener('checkContinue', closeAfterResponse);
  // Not http.Server's own `close`: it closes idle connections at once.
  const closed = new Promise<void>((resolve) => {
    NetServer.prototype.close.call(server, () => resolve());
  });
  let sweep: NodeJS.Timeout | undefined;
  const idle = setTimeout(() => {
    // The second `close` stops Node's own check of connections.
    server.close(() => undefined);
    sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  }, idleMs);
  const cut = setTimeout(() => {
    for (const socket of socketsOf.get(server) ?? []) socket.destroy();
  }, idleMs + graceMs);
  await closed;
  clearTimeout(idle);
  clearTimeout(cut);
  clearInterval(sweep);
}
