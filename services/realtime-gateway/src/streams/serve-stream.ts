// GET /events and GET /rooms/{id}/events as server-sent events. A refusal is an ordinary response
// with the error object; once the head is written, the stream ends with `event: close`.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { notFound, requestIdFrom } from '@chatapi/kit';
import { addConnection, CLOSE, closeConnection, dropConnection, helloOf } from '../connections/connections.ts';
import type { Node } from '../context.ts';
import { openRooms } from '../rooms/rooms.ts';
import type { Connection, EventStream, LocalUser, Room } from '../state.ts';
import { pinUser, reconcile, unpinUser } from '../users/users.ts';
import { type Asked, admitStream } from './admit-stream.ts';
import { beginStart, completeStart, type Start } from './all-rooms-start.ts';
import { createRoomsStream } from './all-rooms-stream.ts';
import { createWatch, startWatcher, stopWatcher } from './non-member-stream.ts';
import { createRoomStream, startRoomStream } from './room-stream.ts';
import { eventText } from './sse-text.ts';
import { createStreamTransport } from './stream-transport.ts';

const HEARTBEAT_MS = 5000;
/** Of a stream that is cut without a close event. */
const ABNORMAL = 1006;
const KEEP_ALIVE_MS = 60_000;

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  // nginx would hold events back otherwise.
  'X-Accel-Buffering': 'no',
};

interface Opening {
  node: Node;
  res: ServerResponse;
  asked: Asked;
}

/** A request that follows on the connection of a stream would wait for ever. */
const streaming = new WeakSet<Socket>();

function writeHead({ res }: Opening): Socket {
  const socket = res.socket as Socket;
  // Without chunks, so that frames can be written to the socket as they are.
  res.useChunkedEncodingByDefault = false;
  res.writeHead(200, HEADERS).flushHeaders();
  socket.setTimeout(0).setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
  streaming.add(socket);
  return socket;
}

/** From the first byte on: what follows here is in the same turn as the check of the rights. */
function register(opening: Opening, user: LocalUser, stream: EventStream): Connection {
  const { node, res, asked } = opening;
  const claims = node.revocations.admit(asked.claims);
  const socket = writeHead(opening);
  const c = addConnection(node, { transport: createStreamTransport(socket), socket, stream }, user, claims);
  res.once('close', () => {
    dropConnection(node, c, ABNORMAL);
    stopWatcher(node, c);
    node.connectionLimit.uncount(c);
  });
  node.connectionLimit.count(c);
  if (node.draining) closeConnection(node, c, CLOSE.goingAway, 'the node is going away');
  return c;
}

function streamMembership(opening: Opening, user: LocalUser, room: Room): void {
  const { node, asked } = opening;
  const stream = createRoomStream(node, room.id, () => c);
  const c: Connection = register(opening, user, stream);
  startRoomStream(node, c, room, asked.after);
}

/** @throws AppError RESOURCE_NOT_FOUND */
async function streamAsWatcher(opening: Opening, user: LocalUser, room: string, userId?: string): Promise<void> {
  const { node, asked, res } = opening;
  await openRooms(node, [room], ([opened]) => {
    if (res.destroyed) return;
    const watch = createWatch(room);
    const c = register(opening, user, watch.stream);
    startWatcher(node, c, watch, opened as Room, { from: asked.after, userId });
  });
}

/** @throws AppError RESOURCE_NOT_FOUND */
async function requireReadable(node: Node, room: string, userId: string): Promise<void> {
  if (!(await node.roomLog.read(room, 0, 1, userId)).readable) throw notFound('Room');
}

async function streamRoom(opening: Opening, user: LocalUser, id: string): Promise<void> {
  const member = user.rooms.get(id)?.room;
  if (member !== undefined) return streamMembership(opening, user, member);
  await requireReadable(opening.node, id, user.id);
  await streamAsWatcher(opening, user, id, user.id);
}

async function streamRooms(opening: Opening, user: LocalUser, isNew: boolean): Promise<void> {
  const { node, res, asked } = opening;
  const { cursor, claims } = asked;
  // A room that this node does not know yet would be forgotten, and be replayed as a new one later.
  if (cursor !== undefined && !isNew) await reconcile(node, user);
  const start: Start | undefined = cursor === undefined ? undefined : beginStart(cursor);
  if (cursor !== undefined && start !== undefined)
    for (let work = completeStart(node, user, claims, cursor, start); work !== undefined; ) {
      await work;
      work = completeStart(node, user, claims, cursor, start);
    }
  if (res.destroyed) return;
  const stream = createRoomsStream(node, () => c);
  const c: Connection = register(opening, user, stream);
  node.writer.write(c, eventText(JSON.stringify(helloOf(node, c, HEARTBEAT_MS))));
  await stream.start(start);
}

async function streamAsPerson(opening: Opening): Promise<void> {
  const { node, res, asked } = opening;
  const { user, isNew } = await pinUser(node, asked.claims.user_id);
  try {
    if (res.destroyed) return;
    await (asked.room === undefined ? streamRooms(opening, user, isNew) : streamRoom(opening, user, asked.room));
  } finally {
    unpinUser(user);
  }
  if (isNew) node.presence.announce(user);
}

/** A key is nobody: it has no rooms and no presence. */
const nobody = (id: string): LocalUser => ({
  id,
  connections: [],
  rooms: new Map(),
  leftAt: undefined,
  hasPresenceAudience: false,
  loading: undefined,
  pins: 0,
  idleSince: 0,
});

async function streamAsKey(opening: Opening, room: string): Promise<void> {
  const { node, asked } = opening;
  if (!(await node.roomLog.heads([room])).has(room)) throw notFound('Room');
  await streamAsWatcher(opening, nobody(asked.claims.user_id), room);
}

/** @throws AppError as long as nothing is written. */
export async function serveStream(node: Node, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (streaming.has(req.socket)) {
    req.socket.destroy();
    return;
  }
  const asked = await admitStream(node, req, requestIdFrom(req.headers['x-request-id']));
  const opening = { node, res, asked };
  if (req.method === 'HEAD') res.writeHead(200, HEADERS).end();
  else if (asked.claims.kind === 'key') await streamAsKey(opening, asked.room as string);
  else await streamAsPerson(opening);
}
