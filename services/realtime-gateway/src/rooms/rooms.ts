// Delivers a room's events to this node's members strictly in the order of seq, whatever signals
// are lost or reordered. gaps.ts reads missing events; feed.ts serves connections without live
// frames.
import { roomTopic } from '@chatapi/bus';
import { isWithinToken } from '../connections/token-rooms.ts';
import type { Node } from '../context.ts';
import type { Connection, Room, RoomEvent } from '../state.ts';
import { unansweredFor } from '../wire/acks.ts';
import { writeEvent } from '../wire/room-event.ts';
import { mustWait } from '../wire/writer.ts';
import { addFeed, feedLive, markLagging, pump } from './feed.ts';

const MAX_WAITING = 512;
/** A run ends with the event that exceeds this, since HIGH_WATER is checked between runs. */
const RUN_BYTES = 64 * 1024;

export function makeRoom(node: Node, id: string, position: number): Room {
  const room: Room = {
    id,
    position,
    head: position,
    users: new Set(),
    watchers: undefined,
    version: undefined,
    waiting: undefined,
    opening: undefined,
    expected: 0,
    filling: false,
    idleSince: Date.now(),
  };
  node.rooms.set(id, room);
  return room;
}

function connectionsOfSender(node: Node, { origin, sender }: RoomEvent): Connection[] {
  if (origin === '') return node.users.get(sender)?.connections ?? [];
  const c = node.connections.get(origin);
  return c === undefined ? [] : [c];
}

/** Holds the frames of connections that must get an ack for one of these events first. */
function holdForAck(node: Node, room: Room, run: RoomEvent[]): void {
  const before = (run[0] as RoomEvent).seq - 1;
  for (const event of run) {
    for (const c of connectionsOfSender(node, event)) {
      if (c.sends === undefined || c.feeds?.has(room.id) || !room.users.has(c.user)) continue;
      if (unansweredFor(c, room.id, event.seq) !== undefined)
        addFeed(c, { room: room.id, at: before, began: before, hold: true });
    }
  }
}

function deliverTo(node: Node, room: Room, run: RoomEvent[], joined: Buffer | undefined, c: Connection): void {
  const feed = c.feeds?.get(room.id);
  if (feed !== undefined) for (const event of run) feedLive(node, c, feed, event);
  else if (mustWait(c, room.id)) {
    const before = (run[0] as RoomEvent).seq - 1;
    markLagging(node, c);
    addFeed(c, { room: room.id, at: before, began: before });
  } else if (joined !== undefined && c.stream === undefined) node.writer.write(c, joined, run.length);
  else for (const event of run) writeEvent(node, c, room.id, event);
}

/** The frames of a run as one buffer; undefined when file links must be signed per reader. */
function joinFrames(run: RoomEvent[]): Buffer | undefined {
  if (run.some(({ files }) => files)) return undefined;
  return run.length === 1 ? (run[0] as RoomEvent).frame : Buffer.concat(run.map(({ frame }) => frame));
}

function deliver(node: Node, room: Room, run: RoomEvent[]): void {
  holdForAck(node, room, run);
  room.position = (run.at(-1) as RoomEvent).seq;
  if (room.head < room.position) room.head = room.position;
  const joined = joinFrames(run);
  for (const user of room.users)
    for (const c of user.connections) if (isWithinToken(c, room.id)) deliverTo(node, room, run, joined, c);
  for (const { stream } of room.watchers ?? []) stream?.wake();
  for (const { sender } of run) node.positions.delivered(room, sender);
}

/** Takes the waiting events that follow on the room's position, up to RUN_BYTES. */
function takeRun(room: Room): RoomEvent[] {
  const run: RoomEvent[] = [];
  for (let seq = room.position + 1, bytes = 0; bytes < RUN_BYTES; seq++) {
    const next = room.waiting?.get(seq);
    if (next === undefined) break;
    room.waiting?.delete(seq);
    bytes += next.frame.length;
    run.push(next);
  }
  if (room.waiting?.size === 0) room.waiting = undefined;
  return run;
}

/** Delivers all waiting events up to the next gap. */
function advance(node: Node, room: Room): void {
  for (let run = takeRun(room); run.length > 0; run = takeRun(room)) deliver(node, room, run);
}

/** @returns false when the event is too far ahead to be stored. */
function keepWaiting(room: Room, event: RoomEvent): boolean {
  room.waiting ??= new Map();
  // Bounded by distance, so that an event that closes a gap always fits. The log has the others.
  const fits = room.position < 0 ? room.waiting.size < MAX_WAITING : event.seq <= room.position + MAX_WAITING;
  if (fits) room.waiting.set(event.seq, event);
  return fits;
}

/**
 * Takes events of a room, from signals or the log, in any order and any number of times.
 * Consecutive events are written together.
 */
export function receive(node: Node, room: Room, events: RoomEvent[]): void {
  let last = -1;
  for (const event of events) {
    if (room.position >= 0 && event.seq <= room.position) continue;
    if (last < event.seq) last = event.seq;
    if (keepWaiting(room, event) || room.position < 0) continue;
    advance(node, room);
    keepWaiting(room, event);
  }
  if (last < 0) return;
  if (room.position >= 0) advance(node, room);
  if (room.position < last) node.gaps.noteHead(room, last);
}

/** Sets the position of a room just opened, or skips events that the log no longer has. */
export function setPosition(node: Node, room: Room, position: number): void {
  room.position = position;
  if (room.head < position) room.head = position;
  for (const seq of room.waiting?.keys() ?? []) if (seq <= position) room.waiting?.delete(seq);
  if (room.waiting?.size === 0) room.waiting = undefined;
  advance(node, room);
}

async function openAll(node: Node, rooms: Room[]): Promise<void> {
  await node.topics.enter(rooms.map(({ id }) => roomTopic(id)));
  // After entering the topics: whatever commits after this read is signalled.
  const heads = await node.roomLog.heads(rooms.map(({ id }) => id));
  for (const room of rooms) {
    room.opening = undefined;
    const { seq: head, version } = heads.get(room.id) ?? { seq: 0, version: undefined };
    room.version ??= version;
    if (room.position < 0) setPosition(node, room, head);
    node.gaps.noteHead(room, head);
  }
}

function openFresh(node: Node, ids: string[]): void {
  const fresh = ids.filter((id) => !node.rooms.has(id)).map((id) => makeRoom(node, id, -1));
  if (fresh.length === 0) return;
  const opening = openAll(node, fresh).catch((error) => {
    for (const room of fresh) if (room.position < 0) node.rooms.delete(room.id);
    throw error;
  });
  for (const room of fresh) room.opening = opening;
}

/** Calls `use` with the rooms once they are live here. @throws AppError SERVICE_UNAVAILABLE. */
export async function openRooms(node: Node, ids: string[], use: (rooms: Room[]) => void): Promise<void> {
  openFresh(node, ids);
  const rooms = ids.map((id) => node.rooms.get(id) as Room);
  for (const room of rooms) room.expected++;
  try {
    await Promise.all(rooms.map(({ opening }) => opening));
    use(rooms);
  } finally {
    for (const room of rooms) room.expected--;
  }
}

/** The room that a user has just joined at `seq`: usable at once, later events are fetched. */
export function openRoomAt(node: Node, id: string, seq: number): Room {
  const known = node.rooms.get(id);
  if (known !== undefined) {
    if (known.position < 0) setPosition(node, known, seq - 1);
    return known;
  }
  const room = makeRoom(node, id, seq - 1);
  room.opening = openAll(node, [room]).catch(() => {
    room.opening = undefined; // missed-signals.ts compares heads anyway
  });
  return room;
}

/** Feeds a new member, from the log, the events after `after` that the room has already passed. */
export function catchUp(node: Node, c: Connection, room: Room, after: number): void {
  if (!isWithinToken(c, room.id)) return;
  const feed = c.feeds?.get(room.id);
  const replayedTo = c.replayedTo?.get(room.id);
  c.replayedTo?.delete(room.id);
  if (feed !== undefined) feed.guest = false;
  else if (replayedTo !== undefined && replayedTo > after)
    void pump(node, c, addFeed(c, { room: room.id, at: replayedTo, began: replayedTo }));
  else if (after < room.position) void pump(node, c, addFeed(c, { room: room.id, at: after, began: after }));
}
