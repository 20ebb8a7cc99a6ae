// The stream of all rooms of a user: an ordinary connection whose events bear the position of every
// room, so that any node can go on from there (all-rooms-cursor.ts).
import { setTimeout as sleep } from 'node:timers/promises';
import { isWithinToken } from '../connections/token-rooms.ts';
import type { Node } from '../context.ts';
import { addFeed, drained, pump } from '../rooms/feed.ts';
import type { Connection, EventStream, Resume } from '../state.ts';
import { encodeCursor, keyOf, MAX_MOVED } from './all-rooms-cursor.ts';
import type { Start } from './all-rooms-start.ts';
import { writeResync } from './room-stream.ts';
import { eventText, ownEvent } from './sse-text.ts';

/** Rooms that are replayed at the same time: each holds a page of its log in memory. */
const REPLAYED_AT_ONCE = 16;
const RETRY_MS = 500;

export interface RoomsStream extends EventStream {
  start(start: Start | undefined): Promise<void>;
}

interface Moved {
  key: string;
  seq: number;
}

export function createRoomsStream(node: Node, of: () => Connection): RoomsStream {
  let base: string | undefined;
  let moved = new Map<string, Moved>();
  let held = true;
  let isLive = false;
  /** Rooms to replay, with those that are being replayed. */
  const pending = new Set<string>();
  const parked: string[] = [];

  const note = (room: string, seq: number): void => {
    const known = moved.get(room);
    if (known === undefined) moved.set(room, { key: keyOf(room), seq });
    else known.seq = seq;
  };
  const cursor = (): string =>
    encodeCursor({ base, moved: new Map([...moved.values()].map(({ key, seq }) => [key, seq])) });

  /** Where the client stands in each of its rooms. */
  function positions(): Record<string, number> {
    const c = of();
    const shown = [...c.user.rooms.values()].filter(({ room }) => isWithinToken(c, room.id));
    return Object.fromEntries(shown.map(({ room }) => [room.id, c.feeds?.get(room.id)?.at ?? room.position]));
  }

  /** While held, no event is written, so that the positions stay as they are. */
  async function rebase(): Promise<void> {
    held = true;
    const all = positions();
    const isSmall = Object.keys(all).length <= MAX_MOVED;
    let id: string | undefined;
    while (!isSmall && id === undefined && !of().closed) {
      id = await node.streamBases.save(of().user.id, all).catch(async (err: Error) => {
        node.log.debug({ err: err.message }, 'a base was not saved and is retried');
        await sleep(RETRY_MS);
        return undefined;
      });
    }
    base = id;
    moved = new Map();
    if (isSmall) for (const [room, seq] of Object.entries(all)) note(room, seq);
    held = false;
    drained(node, of());
  }

  function beginNext(): void {
    const c = of();
    for (let room = parked.pop(); room !== undefined; room = parked.pop()) {
      const feed = c.feeds?.get(room);
      if (feed === undefined) continue;
      feed.parked = false;
      void pump(node, c, feed);
      return;
    }
  }

  function announceLive(): void {
    if (isLive || pending.size > 0 || of().closed) return;
    isLive = true;
    node.writer.write(of(), ownEvent('live', { server_time: new Date().toISOString() }, cursor()));
  }

  function done(room: string): void {
    if (!pending.delete(room)) return;
    beginNext();
    announceLive();
  }

  /** The rooms in which something is missing, as a resume of the socket that waits. */
  function prepare({ rooms, lost }: Start): void {
    const c = of();
    const resume: Resume = { left: Number.POSITIVE_INFINITY, rooms: {} };
    for (const [id, from] of rooms) {
      const room = c.user.rooms.get(id)?.room;
      if (room === undefined || lost.has(id) || from === room.position) continue;
      resume.rooms[id] = { from, to: from, complete: false };
      addFeed(c, { room: id, at: from, began: room.position, parked: true, resume });
      pending.add(id);
      parked.push(id);
    }
  }

  /** With the position after it, so that the client never hears of it twice. */
  function tellLost({ lost }: Start): void {
    if (lost.size === 0) return;
    const all = positions();
    const rooms = Object.fromEntries([...lost].map((id) => [id, { from: 0, to: all[id] ?? 0 }]));
    node.writer.write(of(), ownEvent('resync', { rooms }, cursor()));
  }

  return {
    room: undefined,
    get held() {
      return held;
    },
    hears: () => true,
    canTake(room) {
      if (held) return false;
      if (moved.has(room) || moved.size < MAX_MOVED) return true;
      void rebase();
      return false;
    },
    event(room, seq, json) {
      note(room, seq);
      return eventText(json, cursor());
    },
    notice: (json) => eventText(json),
    replayed(room, result) {
      if (!pending.has(room)) return;
      if (!result.complete) {
        note(room, result.to);
        writeResync(node, of(), room, result, cursor());
      }
      done(room);
    },
    left: done,
    wake: () => undefined,
    async start(start) {
      if (start !== undefined) {
        base = start.base;
        for (const [room, seq] of start.explicit) note(room, seq);
        prepare(start);
      }
      if (start === undefined || start.lost.size > 0 || moved.size > MAX_MOVED) await rebase();
      if (start !== undefined) tellLost(start);
      held = false;
      for (let i = 0; i < REPLAYED_AT_ONCE; i++) beginNext();
      announceLive();
      drained(node, of());
    },
  };
}
