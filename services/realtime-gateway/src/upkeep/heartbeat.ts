// One timer for all connections: pings, expired tokens, stalled readers, unfinished messages; and
// idle rooms.
import { roomTopic } from '@chatapi/bus';
import { every, hasUnfinishedMessage, MAX_MESSAGE_MS, type RecurringTask } from '@chatapi/kit';
import { CLOSE, closeConnection, dropConnection, SLOTS } from '../connections/connections.ts';
import type { Node } from '../context.ts';
import type { Connection } from '../state.ts';
import { removeIdleUsers, sweepDeadNodes } from '../users/presence.ts';
import { watchLagging } from './slow-readers.ts';

const TICK_MS = 1000;
const MAX_MISSED_PONGS = 2;
/**
 * After lagging, a client's pongs may wait behind data in the kernel's buffers: for this long
 * missing pongs are ignored.
 */
const AFTER_LAG_MS = 300_000;
const ROOM_IDLE_MS = 5000;
const SWEEP_EVERY = 5;
/** The API gateway cuts a stream that is silent for 8 s. */
const COMMENT_EVERY = 5;

export function beat(node: Node, c: Connection, now: number): void {
  if (c.claims.expires_at <= now) {
    closeConnection(node, c, CLOSE.ended, 'the token has expired');
    return;
  }
  if (c.lag !== undefined || c.paused || c.stream !== undefined) return;
  if (c.missedPongs >= MAX_MISSED_PONGS && now - c.laggedAt > AFTER_LAG_MS) {
    dropConnection(node, c, 1006);
    c.transport.terminate();
    return;
  }
  c.missedPongs++;
  c.transport.ping();
}

/** Closes a connection whose message does not end. While we do not read it, it can't. */
export function watchUnfinished(node: Node, c: Connection, now: number): void {
  if (c.paused || !hasUnfinishedMessage(c.transport)) c.unfinishedSince = 0;
  else if (c.unfinishedSince === 0) c.unfinishedSince = now;
  else if (now - c.unfinishedSince > MAX_MESSAGE_MS)
    closeConnection(node, c, CLOSE.badFrames, 'a message did not end within 10 s');
}

export function closeIdleRooms(node: Node, now: number): void {
  const idle = [...node.rooms.values()].filter(
    (r) =>
      r.users.size === 0 &&
      r.watchers === undefined &&
      r.expected === 0 &&
      r.opening === undefined &&
      now - r.idleSince > ROOM_IDLE_MS,
  );
  if (idle.length === 0) return;
  for (const { id } of idle) node.rooms.delete(id);
  void node.topics.leave(idle.map(({ id }) => roomTopic(id)));
}

export function startHeartbeat(node: Node): RecurringTask {
  let ticks = 0;
  const failed = (err: Error): void => node.log.debug({ err: err.message }, 'upkeep failed and is retried later');
  const inBackground = (work: Promise<void>): void => void work.catch(failed);

  const tick = async (): Promise<void> => {
    const now = Date.now();
    const slot = ticks++ % SLOTS;
    for (const c of node.connections.values()) {
      watchUnfinished(node, c, now);
      if (c.slot === slot) beat(node, c, now);
      if (c.stream !== undefined && (ticks + c.slot) % COMMENT_EVERY === 0) c.transport.ping();
    }
    for (const c of node.lagging) watchLagging(node, c, now);
    closeIdleRooms(node, now);
    if (node.draining) return;
    inBackground(removeIdleUsers(node));
    if (ticks % SWEEP_EVERY === 0) inBackground(sweepDeadNodes(node));
  };
  return every(TICK_MS, tick, failed);
}
