// Owns: the life of a connection on this node, from 101 to closed, and everything that must be undone at its end.
import type { Socket } from 'node:net';
import { type AccessClaims, newId } from '@chatapi/kit';
import type { WebSocket } from 'ws';
import type { Connection, LocalUser, Node } from './node.ts';
import { jsonFrame } from './ws-frame.ts';

export const HEARTBEAT_MS = 25_000;
/** Connections are looked at once a heartbeat, spread over its seconds. */
export const SLOTS = HEARTBEAT_MS / 1000;

export const CLOSE = {
  goingAway: 1012,
  badFrames: 1008,
  ended: 4401,
  banned: 4403,
  stalled: 4408,
  tooMany: 4429,
} as const;

let nextSlot = 0;

/** Connections are counted within a process: a random id for each took a twentieth of what a connection costs. */
const OF_THIS_PROCESS = `con_${newId('con').slice(-12)}`;
let opened = 0;

/** Call it with the user's rooms live: the hello promises that whatever commits after it arrives. */
export function addConnection(
  node: Node,
  ws: WebSocket,
  socket: Socket,
  user: LocalUser,
  claims: AccessClaims,
): Connection {
  nextSlot = (nextSlot + 1) % SLOTS;
  const c: Connection = {
    id: OF_THIS_PROCESS + (++opened).toString(36),
    ws,
    socket,
    user,
    claims,
    closed: false,
    slot: nextSlot,
    missed: 0,
    bad: 0,
    out: undefined,
    queued: 0,
    feeds: undefined,
    served: undefined,
    sends: undefined,
    acked: undefined,
    gate: undefined,
    lag: undefined,
    laggedAt: 0,
    paused: false,
  };
  user.connections.push(c);
  user.idleSince = 0;
  node.online.noted(user.id);
  node.connections.set(c.id, c);
  node.writer.write(
    c,
    jsonFrame({
      type: 'hello',
      user_id: user.id,
      connection_id: c.id,
      node: node.config.INSTANCE,
      server_time: new Date().toISOString(),
      heartbeat_ms: HEARTBEAT_MS,
      token_expires_at: new Date(claims.expires_at).toISOString(),
    }),
  );
  return c;
}

/** Takes it out of everything. Idempotent; `code` is counted. */
export function dropConnection(node: Node, c: Connection, code: number): void {
  if (c.closed) return;
  c.closed = true;
  node.connections.delete(c.id);
  node.lagging.delete(c);
  c.feeds = undefined;
  c.out = undefined;
  const { user } = c;
  user.connections.splice(user.connections.indexOf(c), 1);
  if (user.connections.length === 0) user.idleSince = Date.now();
  node.online.noted(user.id);
  node.figures.closed(code);
}

/** Says why and closes; `ws` cuts it after 30 s if the peer does not answer. */
export function closeConnection(node: Node, c: Connection, code: number, reason: string): void {
  if (c.closed) return;
  node.writer.flush(c);
  dropConnection(node, c, code);
  if (c.paused) c.ws.resume();
  c.ws.close(code, reason);
}
