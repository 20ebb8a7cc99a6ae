// Owns: one clock for all connections (no timer each): pings, expired tokens, readers that make no progress, idle rooms.
import { roomTopic } from '@chatapi/bus';
import { every, type Recurring } from '@chatapi/kit';
import { CLOSE, closeConnection, dropConnection, SLOTS } from './connections.ts';
import { drained } from './feed.ts';
import type { Connection, Node } from './node.ts';
import { forgetIdle, sweepDead } from './presence.ts';

const TICK_MS = 1000;
const SILENT_PINGS = 2;
const STALLED_MS = 60_000;
/** Pongs wait behind the data that the kernel still holds after we have none left: so long after lagging nobody is silent. */
const AFTER_LAG_MS = 300_000;
const ROOM_IDLE_MS = 5000;
const SWEEP_EVERY = 5;

/** Bytes that the kernel has not taken yet. Node has no public figure for what is left of a write under way. */
const untaken = ({ socket }: Connection): number =>
  socket.writableLength + ((socket as { _handle?: { writeQueueSize?: number } })._handle?.writeQueueSize ?? 0);

/** A socket that drains is alive however long its pongs take; one that does not is cut. */
export function watchLagging(node: Node, c: Connection, now: number): void {
  drained(node, c);
  if (c.lag === undefined) return;
  const unsent = untaken(c);
  if (unsent < c.lag.unsent) c.lag = { since: now, unsent };
  else if (now - c.lag.since > STALLED_MS) closeConnection(node, c, CLOSE.stalled, 'no progress for 60 s');
}

export function beat(node: Node, c: Connection, now: number): void {
  if (c.claims.expires_at <= now) {
    closeConnection(node, c, CLOSE.ended, 'the token has expired');
    return;
  }
  if (c.lag !== undefined || c.paused) return;
  if (c.missed >= SILENT_PINGS && now - c.laggedAt > AFTER_LAG_MS) {
    dropConnection(node, c, 1006);
    c.ws.terminate();
    return;
  }
  c.missed++;
  c.ws.ping();
}

export function closeIdleRooms(node: Node, now: number): void {
  const idle = [...node.rooms.values()].filter(
    (r) => r.users.size === 0 && r.expected === 0 && r.opening === undefined && now - r.idleSince > ROOM_IDLE_MS,
  );
  if (idle.length === 0) return;
  for (const { id } of idle) node.rooms.delete(id);
  void node.topics.leave(idle.map(({ id }) => roomTopic(id)));
}

export function startHeartbeat(node: Node): Recurring {
  let ticks = 0;
  const failed = (err: Error): void => node.log.debug({ err: err.message }, 'presence goes on later');
  const later = (work: Promise<void>): void => void work.catch(failed);

  const tick = async (): Promise<void> => {
    const now = Date.now();
    const second = ticks++ % SLOTS;
    for (const c of node.connections.values()) if (c.slot === second) beat(node, c, now);
    for (const c of node.lagging) watchLagging(node, c, now);
    closeIdleRooms(node, now);
    if (node.draining) return;
    later(forgetIdle(node));
    if (ticks % SWEEP_EVERY === 0) later(sweepDead(node));
  };
  return every(TICK_MS, tick, failed);
}
