// Owns: which rooms the users on this node are in: loaded with a user's first connection, changed by signals, compared with
// message now and then. News is ordered by the room's seq, since signals may overtake each other.
import { setTimeout as sleep } from 'node:timers/promises';
import { userTopic } from '@chatapi/bus';
import type { RoomOfUser } from './members-reader.ts';
import type { LocalUser, Node, Room } from './node.ts';
import { catchUp, openRoomAt, openRooms } from './rooms.ts';

const LOAD_TRIES = 8;
const LOAD_PAUSE_MS = 250;
/** Rooms up to this many members show presence, as direct ones do. */
const SMALL_ROOM = 100;

function enter(user: LocalUser, room: Room, since: number): void {
  user.rooms.set(room.id, { room, since, noted: Date.now() });
  user.left?.delete(room.id);
  room.users.add(user);
  room.idleSince = 0;
}

export function leaveRoom(user: LocalUser, room: Room): void {
  user.rooms.delete(room.id);
  room.users.delete(user);
  if (room.users.size === 0) room.idleSince = Date.now();
  for (const c of user.connections) {
    c.feeds?.delete(room.id);
    if (c.feeds?.size === 0) c.feeds = undefined;
  }
}

/** `joined`: from `seq` on the room's events are the user's, that of the joining included. */
export function joined(node: Node, user: LocalUser, roomId: string, seq: number): void {
  const known = user.rooms.get(roomId);
  if (known !== undefined) {
    known.since = Math.max(known.since, seq);
    return;
  }
  if ((user.left?.get(roomId) ?? 0) > seq) return;
  user.hasPeers = true;
  const room = openRoomAt(node, roomId, seq);
  enter(user, room, seq);
  for (const c of user.connections) catchUp(node, c, room, seq - 1);
}

export function left(user: LocalUser, roomId: string, seq: number): void {
  const known = user.rooms.get(roomId);
  if (known !== undefined && known.since > seq) return;
  user.left ??= new Map();
  user.left.set(roomId, seq);
  if (known !== undefined) leaveRoom(user, known.room);
}

/** Brings a user's rooms to what message says; what this node learned after `asked` stays. */
async function takeRooms(node: Node, user: LocalUser, rooms: RoomOfUser[], asked: number): Promise<void> {
  user.hasPeers = rooms.some(({ kind, member_count }) => kind === 'direct' || member_count <= SMALL_ROOM);
  const listed = new Set(rooms.map(({ id }) => id));
  for (const { room, noted } of [...user.rooms.values()])
    if (!listed.has(room.id) && noted < asked) leaveRoom(user, room);
  const fresh = rooms.filter(({ id, last_seq }) => !user.rooms.has(id) && (user.left?.get(id) ?? 0) <= last_seq);
  const isNew = user.connections.length === 0;
  const ids = fresh.map(({ id }) => id);
  await openRooms(node, ids, (opened) => {
    fresh.forEach(({ id, last_seq }, i) => {
      const room = opened[i] as Room;
      if (user.rooms.has(id) || (user.left?.get(id) ?? 0) > last_seq) return;
      enter(user, room, last_seq);
      if (!isNew) for (const c of user.connections) catchUp(node, c, room, last_seq);
    });
  });
}

export async function reconcile(node: Node, user: LocalUser): Promise<void> {
  const asked = Date.now();
  const rooms = await node.members.roomsOf(user.id);
  if (node.users.get(user.id) === user) await takeRooms(node, user, rooms, asked);
}

async function load(node: Node, user: LocalUser): Promise<void> {
  await node.topics.enter([userTopic(user.id)]);
  for (let attempt = 1; ; attempt++) {
    try {
      await reconcile(node, user);
      return;
    } catch (error) {
      if (attempt >= LOAD_TRIES) throw error;
      await sleep(LOAD_PAUSE_MS);
    }
  }
}

function makeUser(node: Node, id: string): LocalUser {
  const user: LocalUser = {
    id,
    connections: [],
    rooms: new Map(),
    left: undefined,
    hasPeers: false,
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

/** The user with all rooms live, kept until `unpin`. @throws AppError SERVICE_UNAVAILABLE after about 3 s. */
export async function pinUser(node: Node, id: string): Promise<{ user: LocalUser; isNew: boolean }> {
  const known = node.users.get(id);
  const user = known ?? makeUser(node, id);
  user.pins++;
  try {
    await user.loading;
  } catch (error) {
    unpinUser(user);
    if (user.pins === 0 && user.connections.length === 0) forgetUser(node, user);
    throw error;
  }
  return { user, isNew: known === undefined };
}

export function unpinUser(user: LocalUser): void {
  user.pins--;
  if (user.pins === 0 && user.connections.length === 0) user.idleSince = Date.now();
}

export function forgetUser(node: Node, user: LocalUser): void {
  for (const { room } of [...user.rooms.values()]) leaveRoom(user, room);
  if (node.users.get(user.id) === user) node.users.delete(user.id);
}
