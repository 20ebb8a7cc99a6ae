// Owns: the order in which a room's records reach this node's members: strictly seq by seq, whatever was lost or overtaken.
// Does not own: where missing records come from (holes.ts), nor connections that can't take live frames (feed.ts).
import { roomTopic } from '@chatapi/bus';
import { unansweredFor } from './acks.ts';
import { addFeed, feedLive, markLagging, pump } from './feed.ts';
import type { Connection, Node, Room, RoomEvent } from './node.ts';
import { writeEvent } from './room-event.ts';
import { HIGH_WATER, unsent } from './writer.ts';

const MOST_WAITING = 512;

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

/** The message that the sender's own connection must see acknowledged first: from here on its frames are held. */
function holdForAck(node: Node, room: Room, event: RoomEvent): void {
  for (const c of senders(node, event)) {
    if (c.sends === undefined || c.feeds?.has(room.id) || !room.users.has(c.user)) continue;
    if (unansweredFor(c, room.id, event.seq) !== undefined)
      addFeed(c, { room: room.id, at: event.seq - 1, began: event.seq - 1, hold: true });
  }
}

function hand(node: Node, room: Room, event: RoomEvent, c: Connection): void {
  const feed = c.feeds?.get(room.id);
  if (feed !== undefined) feedLive(node, c, feed, event);
  else if (unsent(c) > HIGH_WATER) {
    markLagging(node, c);
    addFeed(c, { room: room.id, at: event.seq - 1, began: event.seq - 1 });
  } else writeEvent(node, c, event);
}

function deliver(node: Node, room: Room, event: RoomEvent): void {
  holdForAck(node, room, event);
  room.position = event.seq;
  if (room.head < event.seq) room.head = event.seq;
  for (const user of room.users) for (const c of user.connections) hand(node, room, event, c);
  node.positions.delivered(room, event.sender);
}

/** Hands on what has become continuous. */
export function advance(node: Node, room: Room): void {
  while (room.waiting !== undefined) {
    const next = room.waiting.get(room.position + 1);
    if (next === undefined) return;
    room.waiting.delete(next.seq);
    if (room.waiting.size === 0) room.waiting = undefined;
    deliver(node, room, next);
  }
}

function keepWaiting(room: Room, event: RoomEvent): void {
  room.waiting ??= new Map();
  // Bounded: what does not fit is in the log.
  if (room.waiting.size < MOST_WAITING) room.waiting.set(event.seq, event);
}

/** A record, by signal or from the log, in any order and any number of times. */
export function receive(node: Node, room: Room, event: RoomEvent): void {
  if (room.position >= 0 && event.seq <= room.position) return;
  if (event.seq === room.position + 1 && room.position >= 0) {
    room.waiting?.delete(event.seq);
    deliver(node, room, event);
    advance(node, room);
    return;
  }
  keepWaiting(room, event);
  node.holes.note(room, event.seq);
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
