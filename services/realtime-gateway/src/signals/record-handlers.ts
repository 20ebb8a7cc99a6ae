// The handler of each kind of record. Event types are not named here: a new one needs no change.
import { type ReceivedRecord, userTopic } from '@chatapi/bus';
import { securityEvent } from '@chatapi/kit';
import { handleCloseNotice } from '../connections/connection-limit.ts';
import { isWithinToken } from '../connections/token-rooms.ts';
import type { Node } from '../context.ts';
import { receive } from '../rooms/rooms.ts';
import type { Connection, LocalUser, Room } from '../state.ts';
import { applyJoined, applyLeft } from '../users/users.ts';
import { roomEvent } from '../wire/room-event.ts';
import { HIGH_WATER, unsent } from '../wire/writer.ts';
import { payloadOf, textFrame } from '../wire/ws-frame.ts';

/** Handles records of one kind and topic, in the packet's order. */
type Handler = (node: Node, records: ReceivedRecord[]) => void;

/** For frames that are not in a log: connections that lag do not get them. */
function notify(node: Node, connections: Iterable<Connection>, frame: Buffer): void {
  for (const c of connections) {
    if (unsent(c) > HIGH_WATER) continue;
    const bytes = c.stream === undefined ? frame : c.stream.notice(payloadOf(frame));
    if (bytes !== undefined) node.writer.write(c, bytes);
  }
}

const userOf = (node: Node, topic: string): LocalUser | undefined => node.users.get(topic.slice(userTopic('').length));

/** All but the connection that caused it. */
function* exceptOrigin(connections: Iterable<Connection>, origin: string): Generator<Connection> {
  for (const c of connections) if (c.id !== origin) yield c;
}

function* connectionsOfOthers(room: Room, sender: string): Generator<Connection> {
  for (const user of room.users) if (user.id !== sender) yield* connectionsWithin(user, room.id);
}

/** `room` is '' for what concerns the user, not a room. */
function* connectionsWithin({ connections }: LocalUser, room: string): Generator<Connection> {
  for (const c of connections) if (isWithinToken(c, room)) yield c;
}

const each =
  (handle: (node: Node, record: ReceivedRecord) => void): Handler =>
  (node, records) => {
    for (const record of records) handle(node, record);
  };

const membership = (change: (node: Node, user: LocalUser, record: ReceivedRecord) => void): Handler =>
  each((node, record) => {
    const user = userOf(node, record.topic);
    if (user === undefined) return;
    if (record.frame.length > 0) notify(node, connectionsWithin(user, record.room), textFrame(record.frame));
    change(node, user, record);
  });

const KINDS: Record<ReceivedRecord['kind'], Handler> = {
  event(node, records) {
    const room = node.rooms.get((records[0] as ReceivedRecord).room);
    if (room === undefined) return;
    const fresh = records.filter(({ seq }) => seq > room.position);
    const events = fresh.map(({ seq, sender, origin, frame }) => roomEvent(seq, sender, origin, frame));
    receive(node, room, events);
  },
  notice: each((node, { topic, room: id, sender, origin, frame }) => {
    if (handleCloseNotice(node, topic)) return;
    const room = id === '' ? undefined : node.rooms.get(id);
    const user = room === undefined ? userOf(node, topic) : undefined;
    if (room !== undefined) notify(node, connectionsOfOthers(room, sender), textFrame(frame));
    else if (user !== undefined) notify(node, exceptOrigin(connectionsWithin(user, ''), origin), textFrame(frame));
  }),
  everyone: each((node, { frame }) => notify(node, node.connections.values(), textFrame(frame))),
  joined: membership((node, user, { room, seq }) => applyJoined(node, user, room, seq)),
  left: membership((_node, user, { room, seq }) => applyLeft(user, room, seq)),
};

export function handlePacket(node: Node, packet: Buffer): void {
  // Our own sign of life.
  if (packet.length === 0) return;
  const records = node.signalCheck.open(packet);
  if (records === undefined) {
    securityEvent(node, 'signal.refused', {});
    return;
  }
  for (let from = 0; from < records.length; ) {
    const { kind, topic } = records[from] as ReceivedRecord;
    let to = from + 1;
    while (records[to]?.kind === kind && records[to]?.topic === topic) to++;
    KINDS[kind](node, records.slice(from, to));
    from = to;
  }
  const committedAt = records.at(-1)?.committedAt;
  if (committedAt === undefined) return;
  node.nodeMetrics.signalled(committedAt);
  node.writer.noteCommitted(committedAt);
}
