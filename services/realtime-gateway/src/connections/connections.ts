// A connection's life on this node, from the head of its response to its close.
import type { Socket } from 'node:net';
import type { AccessClaims } from '@chatapi/kit/auth';
import type { Node } from '../context.ts';
import type { Connection, EventStream, LocalUser, Serials, Transport } from '../state.ts';
import type { ServerFrames } from '../wire/node-frames.ts';

const HEARTBEAT_MS = 25_000;
/** Each connection is checked once per heartbeat, in one of its seconds. */
export const SLOTS = HEARTBEAT_MS / 1000;

export const CLOSE = {
  goingAway: 1012,
  badFrames: 1008,
  ended: 4401,
  banned: 4403,
  stalled: 4408,
  tooMany: 4429,
} as const;

/** Ids end in a counter: random ones took a twentieth of the cost of a connection. */
const nextId = (serials: Serials): string => serials.connectionPrefix + (++serials.connections).toString(36);

/** How the connection reaches its client; for a stream also what it shows. */
export interface Way {
  transport: Transport;
  socket: Socket;
  stream?: EventStream;
}

export const helloOf = (node: Node, c: Connection, heartbeat_ms = HEARTBEAT_MS): ServerFrames['hello'] => ({
  type: 'hello',
  user_id: c.user.id,
  connection_id: c.id,
  node: node.config.INSTANCE,
  server_time: new Date().toISOString(),
  heartbeat_ms,
  token_expires_at: new Date(c.claims.expires_at).toISOString(),
});

/** The user's rooms must be live: whatever commits after it arrives. */
export function addConnection(node: Node, way: Way, user: LocalUser, claims: AccessClaims): Connection {
  const c: Connection = {
    id: nextId(node.serials),
    transport: way.transport,
    stream: way.stream,
    socket: way.socket,
    user,
    claims,
    closed: false,
    slot: node.serials.connections % SLOTS,
    missedPongs: 0,
    unfinishedSince: 0,
    badFrames: 0,
    statesAsked: 0,
    pendingFrames: undefined,
    pendingBytes: 0,
    feeds: undefined,
    replayedTo: undefined,
    sends: undefined,
    acked: undefined,
    sendGate: undefined,
    lag: undefined,
    laggedAt: 0,
    paused: false,
    excess: undefined,
    sentAfterClose: false,
  };
  user.connections.push(c);
  user.idleSince = 0;
  node.online.noteChange(user.id);
  node.connections.set(c.id, c);
  if (claims.kind !== 'key') node.connectionLog.opened(c.id, user.id);
  return c;
}

/** Removes a connection from the node's state. Idempotent. `code` is for metrics. */
export function dropConnection(node: Node, c: Connection, code: number): void {
  if (c.closed) return;
  c.closed = true;
  node.connections.delete(c.id);
  node.lagging.delete(c);
  c.feeds = undefined;
  c.pendingFrames = undefined;
  const { user } = c;
  user.connections.splice(user.connections.indexOf(c), 1);
  if (user.connections.length === 0) user.idleSince = Date.now();
  node.online.noteChange(user.id);
  node.connectionLog.closed(c.id, code);
  node.nodeMetrics.closed(code);
}

/** Sends a close frame. `ws` destroys the socket after 30 s if the client does not answer it. */
export function closeConnection(node: Node, c: Connection, code: number, reason: string): void {
  if (c.closed) return;
  node.writer.flush(c);
  dropConnection(node, c, code);
  if (c.paused) c.transport.resume();
  c.paused = false;
  c.transport.close(code, reason);
}
