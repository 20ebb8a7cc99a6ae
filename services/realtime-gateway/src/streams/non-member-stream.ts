// The stream of one room for those who are no members: keys, and readers of a public room. Each
// page is read from the log with the rights of its reader; the room's live events only say when.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Node } from '../context.ts';
import type { Page } from '../message-service/log-reader.ts';
import { markLagging } from '../rooms/feed.ts';
import type { Connection, EventStream, Room } from '../state.ts';
import { writeEvent } from '../wire/room-event.ts';
import { HIGH_WATER, unsent } from '../wire/writer.ts';
import { endMembership, writeLive, writeResync } from './room-stream.ts';
import { eventText } from './sse-text.ts';

const PAGE_SIZE = 100;
const RETRY_MS = 500;

export interface Watch {
  stream: EventStream;
  /** Resolves when the room has moved since the last call. */
  moved(): Promise<void>;
}

export function createWatch(room: string): Watch {
  let next = Promise.withResolvers<void>();
  const stream: EventStream = {
    room,
    held: false,
    hears: () => false,
    canTake: () => true,
    event: (_room, seq, json) => eventText(json, String(seq)),
    notice: () => undefined,
    replayed: () => undefined,
    left: () => undefined,
    wake: () => next.resolve(),
  };
  return {
    stream,
    async moved() {
      await next.promise;
      next = Promise.withResolvers();
    },
  };
}

interface Watcher {
  node: Node;
  c: Connection;
  room: string;
  /** The last seq that was written. */
  at: number;
  isLive: boolean;
}

/** The log does not reach back to where the reader stands. */
function skipMissing(w: Watcher, { first_seq, last_seq }: Page): void {
  if (w.isLive || (w.at <= last_seq && w.at >= first_seq - 1)) return;
  writeResync(w.node, w.c, w.room, { from: w.at, to: last_seq, complete: false }, String(last_seq));
  w.at = last_seq;
}

/** @returns whether there is nothing more to write now. */
function writePage(w: Watcher, page: Page): boolean {
  const { node, c, room } = w;
  skipMissing(w, page);
  for (const event of page.events) {
    if (event.seq <= w.at) continue;
    if (unsent(c) > HIGH_WATER) {
      markLagging(node, c);
      return true;
    }
    writeEvent(node, c, room, event);
    w.at = event.seq;
  }
  if (w.at < page.last_seq) return false;
  if (!w.isLive) writeLive(node, c, room, w.at);
  w.isLive = true;
  return true;
}

async function follow(w: Watcher, watch: Watch, userId: string | undefined): Promise<void> {
  const { node, c, room } = w;
  while (!c.closed) {
    try {
      const page = await node.roomLog.read(room, w.at, PAGE_SIZE, userId);
      if (c.closed) return;
      if (!page.readable) return endMembership(node, c);
      if (writePage(w, page)) await watch.moved();
    } catch (err) {
      node.log.debug({ err: (err as Error).message }, 'could not read the log for a stream, trying again');
      await sleep(RETRY_MS);
    }
  }
}

/** @param userId whose rights count; undefined: of a key, which reads every room. */
export function startWatcher(
  node: Node,
  c: Connection,
  watch: Watch,
  room: Room,
  { from, userId }: { from: number | undefined; userId: string | undefined },
): void {
  room.watchers ??= new Set();
  room.watchers.add(c);
  if (from === undefined) writeLive(node, c, room.id, room.position);
  const w = { node, c, room: room.id, at: from ?? room.position, isLive: from === undefined };
  void follow(w, watch, userId);
}

/** Lets the follower end, and the room become idle. */
export function stopWatcher(node: Node, c: Connection): void {
  c.stream?.wake();
  const room = node.rooms.get(c.stream?.room ?? '');
  if (room?.watchers?.delete(c) !== true || room.watchers.size > 0) return;
  room.watchers = undefined;
  room.idleSince = Date.now();
}
