// Owns: at most 20 connections of one user over all nodes; the 21st closes the oldest. Never in the way of a connection:
// it is counted after its hello, and without Redis each node counts its own.
import { encodeRecord, enterConnections, type ListedConnection, leaveConnections, nodeChannel } from '@chatapi/bus';
import { CLOSE, closeConnection } from './connections.ts';
import { gathered } from './gather.ts';
import type { Connection, Node } from './node.ts';

const MOST_PER_USER = 20;
/** Topic of one connection, for the word from another node that it is one too many. */
const CONNECTION_TOPIC = 'c:';

const tooMany = (node: Node, c: Connection): void => closeConnection(node, c, CLOSE.tooMany, 'too many connections');

const wordTo = (connection: string): string =>
  encodeRecord({
    kind: 'notice',
    topic: CONNECTION_TOPIC + connection,
    room: '',
    seq: 0,
    sender: '',
    origin: '',
    frame: '',
  });

const listed = (node: Node, c: Connection): ListedConnection => ({
  user: c.user.id,
  node: node.id,
  connection: c.id,
});

/** Counts connections, and closes those that are too many wherever they are. */
async function enter(node: Node, connections: Connection[]): Promise<void> {
  const entries = connections.map((c) => listed(node, c));
  for (const { node: where, connection } of await enterConnections(node.redis, entries, MOST_PER_USER)) {
    const here = node.connections.get(connection);
    if (here !== undefined) tooMany(node, here);
    else await node.redis.publish(nodeChannel(where), wordTo(connection));
  }
  const gone = connections.filter(({ closed }) => closed);
  if (gone.length > 0) await leave(node, gone);
}

const leave = (node: Node, connections: Connection[]): Promise<void> =>
  leaveConnections(
    node.redis,
    connections.map((c) => listed(node, c)),
  );

export interface ConnectionLimit {
  count(c: Connection): void;
  uncount(c: Connection): void;
}

export function openConnectionLimit(of: () => Node): ConnectionLimit {
  const entering = gathered<Connection, void>((connections) => enter(of(), connections).then(() => []));
  const leaving = gathered<Connection, void>((connections) => leave(of(), connections).then(() => []));
  return {
    count(c) {
      if (c.user.connections.length > MOST_PER_USER) tooMany(of(), c.user.connections[0] as Connection);
      entering(c).catch((err: Error) => of().log.debug({ err: err.message }, 'a connection was not counted'));
    },
    uncount: (c) => void leaving(c).catch(() => undefined), // runs out by itself
  };
}

/** @returns whether the topic was that of a connection. */
export function takeWord(node: Node, topic: string): boolean {
  if (!topic.startsWith(CONNECTION_TOPIC)) return false;
  const c = node.connections.get(topic.slice(CONNECTION_TOPIC.length));
  if (c !== undefined) tooMany(node, c);
  return true;
}
