// Owns: what each kind of record does on this node. Names no event: a new one costs no line here.
import { decodePacket, type ReceivedRecord, userTopic } from '@chatapi/bus';
import { takeWord } from './connection-limit.ts';
import type { Connection, LocalUser, Node } from './node.ts';
import { roomEvent } from './room-event.ts';
import { receive } from './rooms.ts';
import { joined, left } from './users.ts';
import { HIGH_WATER, unsent } from './writer.ts';
import { textFrame } from './ws-frame.ts';

type Take = (node: Node, record: ReceivedRecord) => void;

/** Frames without a place in a log: who lags misses them. */
function notify(node: Node, connections: Iterable<Connection>, frame: Buffer): void {
  for (const c of connections) if (unsent(c) <= HIGH_WATER) node.writer.write(c, frame);
}

const userOf = (node: Node, topic: string): LocalUser | undefined => node.users.get(topic.slice(userTopic('').length));

function* othersIn(users: Iterable<LocalUser>, sender: string): Generator<Connection> {
  for (const user of users) if (user.id !== sender) yield* user.connections;
}

function membership(change: (node: Node, user: LocalUser, record: ReceivedRecord) => void): Take {
  return (node, record) => {
    const user = userOf(node, record.topic);
    if (user === undefined) return;
    if (record.frame.length > 0) notify(node, user.connections, textFrame(record.frame));
    change(node, user, record);
  };
}

const KINDS: Record<ReceivedRecord['kind'], Take> = {
  event(node, { room: id, seq, sender, origin, frame }) {
    const room = node.rooms.get(id);
    if (room !== undefined && seq > room.position) receive(node, room, roomEvent(seq, sender, origin, frame));
  },
  notice(node, { topic, room: id, sender, frame }) {
    if (takeWord(node, topic)) return;
    const room = id === '' ? undefined : node.rooms.get(id);
    const to = room === undefined ? userOf(node, topic)?.connections : othersIn(room.users, sender);
    if (to !== undefined) notify(node, to, textFrame(frame));
  },
  everyone(node, { frame }) {
    notify(node, node.connections.values(), textFrame(frame));
  },
  joined: membership((node, user, { room, seq }) => joined(node, user, room, seq)),
  left: membership((_node, user, { room, seq }) => left(user, room, seq)),
};

export function takePacket(node: Node, packet: Buffer): void {
  for (const record of decodePacket(packet)) KINDS[record.kind](node, record);
}
