// Owns: the order in which a room's records reach this node's members: strictly seq by seq, whatever was lost or overtaken.
// Does not own: where missing records come from (holes.ts), nor connections that can't take live frames (feed.ts).
import { roomTopic } from '@chatapi/bus';
import { unansweredFor } from './acks.ts';
import { addFeed, feedLive, markLagging, pump } from './feed.ts';
import type { Connection, Node, Room, RoomEvent } from './node.ts';
import { writeEvent } from './room-event.ts';
import { HIGH_WATER, unsent } from './writer.ts';

const MOST_WAITING = 512;
/** A run ends with the record that goes beyond this: the high-water mark is looked at between runs. */
const RUN_BYTES = 64 * 1024;

export function makeRoom(node: Node, id: string, position: number): Room {
  const room: Room = {
    id,
    position,
    head: position,
    users: new Set(),
    waiting: undefined,
    opening: undefined,
    expected: 0,
    filling: false,
    idleSince: Date.now(),
  };
  node.rooms.set(id, room);
  return room;
}

function senders(node: Node, { origin, sender }: RoomEvent): Connection[] {
  if (origin === '') return node.users.get(sender)?.connections ?? [];
  const c = node.connections.get(origin);
  return c === undefined ? [] : [c];
}

/** Messages that the sender's own connection must see acknowledged first: from here on its frames are held. */
function holdForAck(node: Node, room: Room, run: RoomEvent[]): void {
  const before = (run[0] as RoomEvent).seq - 1;
  for (const event of run) {
    for (const c of senders(node, event)) {
      if (c.sends === undefined || c.feeds?.has(room.id) || !room.users.has(c.user)) continue;
      if (unansweredFor(c, room.id, event.seq) !== undefined)
        addFeed(c, { room: room.id, at: before, began: before, hold: true });
    }
  }
}

function hand(node: Node, room: Room, run: RoomEvent[], joined: Buffer | undefined, c: Connection): void {
  const feed = c.feeds?.get(room.id);
  if (feed !== undefined) for (const event of run) feedLive(node, c, feed, event);
  else if (unsent(c) > HIGH_WATER) {
    const before = (run[0] as RoomEvent).seq - 1;
    markLagging(node, c);
    addFeed(c, { room: room.id, at: before, began: before });
  } else if (joined !== undefined) node.writer.write(c, joined, run.length);
  else for (const event of run) writeEvent(node, c, event);
}

/** The frames of a run as one buffer for all who get them alike; undefined: each reader's are signed for them. */
function join(run: RoomEvent[]): Buffer | undefined {
  if (run.some(({ files }) => files)) return undefined;
  return run.length === 1 ? (run[0] as RoomEvent).frame : Buffer.concat(run.map(({ frame }) => frame));
}

function deliver(node: Node, room: Room, run: RoomEvent[]): void {
  holdForAck(node, room, run);
  room.position = (run.at(-1) as RoomEvent).seq;
  if (room.head < room.position) room.head = room.position;
  const joined = join(run);
  for (const user of room.users) for (const c of user.connections) hand(node, room, run, joined, c);
  for (const { sender } of run) node.positions.delivered(room, sender);
}

/** What follows on the room's position, as long as there is something and not too much for one write. */
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

/** Hands on what has become continuous. */
export function advance(node: Node, room: Room): void {
  for (let run = takeRun(room); run.length > 0; run = takeRun(room)) deliver(node, room, run);
}

/** @returns false when there is no place for it. */
function keepWaiting(room: Room, event: RoomEvent): boolean {
  room.waiting ??= new Map();
  // Bounded by distance, so that what closes a hole always fits; what does not is in the log.
  const fits = room.position < 0 ? room.waiting.size < MOST_WAITING : event.seq <= room.position + MOST_WAITING;
  if (fits) room.waiting.set(event.seq, event);
  return fits;
}

/** Records of one room, by signal or from the log, in any order and any number of times. Those that follow on each other leave in one write. */
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
  if (room.position < last) node.holes.note(room, last);
}

/** Sets the position of a room just opened, or jumps over what the log no longer has. */
export function setPosition(node: Node, room: Room, position: number): void {
  room.position = position;
  if (room.head < position) room.head = position;
  for (const seq of room.waiting?.keys() ?? []) if (seq <= position) room.waiting?.delete(seq);
  if (room.waiting?.size === 0) room.waiting = undefined;
  advance(node, room);
}

async function openAll(node: Node, rooms: Room[]): Promise<void> {
  await node.topics.enter(rooms.map(({ id }) => roomTopic(id)));
  // Only now: what commits after this reading is signalled.
  const heads = await node.roomLog.heads(rooms.map(({ id }) => id));
  for (const room of rooms) {
    room.opening = undefined;
    const head = heads.get(room.id) ?? 0;
    if (room.position < 0) setPosition(node, room, head);
    node.holes.note(room, head);
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

/** Rooms of these ids, live on this node when `use` is called with them. @throws AppError SERVICE_UNAVAILABLE. */
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

/** A room that somebody here has just entered at `seq`: known at once, what came since is fetched. */
export function openRoomAt(node: Node, id: string, seq: number): Room {
  const known = node.rooms.get(id);
  if (known !== undefined) {
    if (known.position < 0) setPosition(node, known, seq - 1);
    return known;
  }
  const room = makeRoom(node, id, seq - 1);
  room.opening = openAll(node, [room]).catch(() => {
    room.opening = undefined; // heal.ts compares heads anyway
  });
  return room;
}

/** A member that enters a room which is already further: what it missed comes from the log. */
export function catchUp(node: Node, c: Connection, room: Room, after: number): void {
  const feed = c.feeds?.get(room.id);
  const served = c.served?.get(room.id);
  c.served?.delete(room.id);
  if (feed !== undefined) feed.guest = false;
  else if (served !== undefined && served > after)
    void pump(node, c, addFeed(c, { room: room.id, at: served, began: served }));
  else if (after < room.position) void pump(node, c, addFeed(c, { room: room.id, at: after, began: after }));
}
