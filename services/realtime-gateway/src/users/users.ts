// The rooms of this node's users: loaded with a user's first connection, changed by signals,
// compared with the message service. Changes are ordered by the room's seq, since signals may be
// reordered.
import { setTimeout as sleep } from 'node:timers/promises';
import { userTopic } from '@chatapi/bus';
import type { Node } from '../context.ts';
import type { RoomOfUser } from '../message-service/members-reader.ts';
import { catchUp, openRoomAt, openRooms } from '../rooms/rooms.ts';
import type { LocalUser, Room } from '../state.ts';

const MAX_LOAD_TRIES = 8;
const LOAD_PAUSE_MS = 250;
/** Rooms of up to this many members show presence, as direct rooms do. */
const SMALL_ROOM = 100;

function enter(user: LocalUser, room: Room, since: number): void {
  user.rooms.set(room.id, { room, since, noted: Date.now() });
  user.leftAt?.delete(room.id);
  room.users.add(user);
  room.idleSince = 0;
}

function leaveRoom(user: LocalUser, room: Room): void {
  user.rooms.delete(room.id);
  room.users.delete(user);
  if (room.users.size === 0) room.idleSince = Date.now();
  for (const c of user.connections) {
    c.feeds?.delete(room.id);
    if (c.feeds?.size === 0) c.feeds = undefined;
  }
  // After the loop, which a stream that closes would disturb.
  for (const { stream } of user.connections.filter((c) => c.stream !== undefined)) stream?.left(room.id);
}

/** The user joined at `seq`, from which on (inclusive) they get the room's events. */
export function applyJoined(node: Node, user: LocalUser, roomId: string, seq: number): void {
  const known = user.rooms.get(roomId);
  if (known !== undefined) {
    known.since = Math.max(known.since, seq);
    return;
  }
  if ((user.leftAt?.get(roomId) ?? 0) > seq) return;
  user.hasPresenceAudience = true;
  const room = openRoomAt(node, roomId, seq);
  enter(user, room, seq);
  for (const c of user.connections) catchUp(node, c, room, seq - 1);
}

export function applyLeft(user: LocalUser, roomId: string, seq: number): void {
  const known = user.rooms.get(roomId);
  if (known !== undefined && known.since > seq) return;
  user.leftAt ??= new Map();
  user.leftAt.set(roomId, seq);
  if (known !== undefined) leaveRoom(user, known.room);
}

/** Applies the message service's list, except for changes that arrived after `asked`. */
async function applyRooms(node: Node, user: LocalUser, rooms: RoomOfUser[], asked: number): Promise<void> {
  user.hasPresenceAudience = rooms.some(({ kind, member_count }) => kind === 'direct' || member_count <= SMALL_ROOM);
  const listed = new Set(rooms.map(({ id }) => id));
  for (const { room, noted } of [...user.rooms.values()])
    if (!listed.has(room.id) && noted < asked) leaveRoom(user, room);
  const fresh = rooms.filter(({ id, last_seq }) => !user.rooms.has(id) && (user.leftAt?.get(id) ?? 0) <= last_seq);
  const isNew = user.connections.length === 0;
  const ids = fresh.map(({ id }) => id);
  await openRooms(node, ids, (opened) => {
    fresh.forEach(({ id, last_seq, version }, i) => {
      const room = opened[i] as Room;
      // The membership is of this version, perhaps older than the room's known one.
      if (version !== undefined) room.version = Math.min(room.version ?? version, version);
      if (user.rooms.has(id) || (user.leftAt?.get(id) ?? 0) > last_seq) return;
      enter(user, room, last_seq);
      if (!isNew) for (const c of user.connections) catchUp(node, c, room, last_seq);
    });
  });
}

export async function reconcile(node: Node, user: LocalUser): Promise<void> {
  const asked = Date.now();
  const rooms = await node.members.roomsOf(user.id);
  if (node.users.get(user.id) === user) await applyRooms(node, user, rooms, asked);
}

async function load(node: Node, user: LocalUser): Promise<void> {
  await node.topics.enter([userTopic(user.id)]);
  for (let attempt = 1; ; attempt++) {
    try {
      await reconcile(node, user);
      return;
    } catch (error) {
      if (attempt >= MAX_LOAD_TRIES) throw error;
      await sleep(LOAD_PAUSE_MS);
    }
  }
}

function makeUser(node: Node, id: string): LocalUser {
  const user: LocalUser = {
    id,
    connections: [],
    rooms: new Map(),
    leftAt: undefined,
    hasPresenceAudience: false,
    loading: undefined,
    pins: 0,
    idleSince: Date.now(),
  };
  node.users.set(id, user);
  user.loading = load(node, user).finally(() => {
    user.loading = undefined;
  });
  return user;
}

/**
 * The user with all rooms live, held in memory until `unpinUser`.
 * @throws AppError SERVICE_UNAVAILABLE after about 3 s.
 */
export async function pinUser(node: Node, id: string): Promise<{ user: LocalUser; isNew: boolean }> {
  const known = node.users.get(id);
  const user = known ?? makeUser(node, id);
  user.pins++;
  try {
    await user.loading;
  } catch (error) {
    unpinUser(user);
    if (user.pins === 0 && user.connections.length === 0) removeUser(node, user);
    throw error;
  }
  return { user, isNew: known === undefined };
}

export function unpinUser(user: LocalUser): void {
  user.pins--;
  if (user.pins === 0 && user.connections.length === 0) user.idleSince = Date.now();
}

export function removeUser(node: Node, user: LocalUser): void {
  for (const { room } of [...user.rooms.values()]) leaveRoom(user, room);
  if (node.users.get(user.id) === user) node.users.delete(user.id);
}
