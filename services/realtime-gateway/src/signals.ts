// Owns: what each kind of record does on this node. Names no event: a new one costs no line here.
import { decodePacket, type ReceivedRecord, userTopic } from '@chatapi/bus';
import { takeWord } from './connection-limit.ts';
import type { Connection, LocalUser, Node } from './node.ts';
import { roomEvent } from './room-event.ts';
import { receive } from './rooms.ts';
import { joined, left } from './users.ts';
import { HIGH_WATER, unsent } from './writer.ts';
import { textFrame } from './ws-frame.ts';

/** Takes records of one kind and topic, in the packet's order. */
type Take = (node: Node, records: ReceivedRecord[]) => void;

/** Frames without a place in a log: who lags misses them. */
function notify(node: Node, connections: Iterable<Connection>, frame: Buffer): void {
  for (const c of connections) if (unsent(c) <= HIGH_WATER) node.writer.write(c, frame);
}

const userOf = (node: Node, topic: string): LocalUser | undefined => node.users.get(topic.slice(userTopic('').length));

function* othersIn(users: Iterable<LocalUser>, sender: string): Generator<Connection> {
  for (const user of users) if (user.id !== sender) yield* user.connections;
}

const each =
  (take: (node: Node, record: ReceivedRecord) => void): Take =>
  (node, records) => {
    for (const record of records) take(node, record);
  };

const membership = (change: (node: Node, user: LocalUser, record: ReceivedRecord) => void): Take =>
  each((node, record) => {
    const user = userOf(node, record.topic);
    if (user === undefined) return;
    if (record.frame.length > 0) notify(node, user.connections, textFrame(record.frame));
    change(node, user, record);
  });

const KINDS: Record<ReceivedRecord['kind'], Take> = {
  event(node, records) {
    const room = node.rooms.get((records[0] as ReceivedRecord).room);
    if (room === undefined) return;
    const fresh = records.filter(({ seq }) => seq > room.position);
    const events = fresh.map(({ seq, sender, origin, frame }) => roomEvent(seq, sender, origin, frame));
    receive(node, room, events);
  },
  notice: each((node, { topic, room: id, sender, frame }) => {
    if (takeWord(node, topic)) return;
    const room = id === '' ? undefined : node.rooms.get(id);
    const to = room === undefined ? userOf(node, topic)?.connections : othersIn(room.users, sender);
    if (to !== undefined) notify(node, to, textFrame(frame));
  }),
  everyone: each((node, { frame }) => notify(node, node.connections.values(), textFrame(frame))),
  joined: membership((node, user, { room, seq }) => joined(node, user, room, seq)),
  left: membership((_node, user, { room, seq }) => left(user, room, seq)),
};

export function takePacket(node: Node, packet: Buffer): void {
  const records = decodePacket(packet);
  for (let from = 0; from < records.length; ) {
    const { kind, topic } = records[from] as ReceivedRecord;
    let to = from + 1;
    while (records[to]?.kind === kind && records[to]?.topic === topic) to++;
    KINDS[kind](node, records.slice(from, to));
    from = to;
  }
}
