// Limits a user to 20 connections over all nodes; the 21st closes the oldest. Does not delay a
// connection, which is counted after its hello. Without Redis each node counts its own.
import { enterConnections, type ListedConnection, leaveConnections, type PacketRecord } from '@chatapi/bus';
import type { ConnectionLimit, Node } from '../context.ts';
import { coalesce } from '../message-service/coalesce.ts';
import type { Connection } from '../state.ts';
import { CLOSE, closeConnection } from './connections.ts';

const MAX_PER_USER = 20;
/** Prefix of a connection's topic, to which another node sends the notice to close it. */
const CONNECTION_TOPIC = 'c:';

const closeAsTooMany = (node: Node, c: Connection): void =>
  closeConnection(node, c, CLOSE.tooMany, 'too many connections');

const closeNotice = (connection: string): PacketRecord => ({
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

/** Counts connections and closes those above the limit, on whatever node they are. */
async function enter(node: Node, connections: Connection[]): Promise<void> {
  const entries = connections.map((c) => listed(node, c));
  for (const { node: nodeId, connection } of await enterConnections(node.redis, entries, MAX_PER_USER)) {
    const local = node.connections.get(connection);
    if (local !== undefined) closeAsTooMany(node, local);
    else await node.signals.toNode(nodeId, closeNotice(connection));
  }
  const gone = connections.filter(({ closed }) => closed);
  if (gone.length > 0) await leave(node, gone);
}

const leave = (node: Node, connections: Connection[]): Promise<void> =>
  leaveConnections(
    node.redis,
    connections.map((c) => listed(node, c)),
  );

export function createConnectionLimit(of: () => Node): ConnectionLimit {
  const entering = coalesce<Connection, void>((connections) => enter(of(), connections).then(() => []));
  const leaving = coalesce<Connection, void>((connections) => leave(of(), connections).then(() => []));
  return {
    count(c) {
      if (c.user.connections.length > MAX_PER_USER) closeAsTooMany(of(), c.user.connections[0] as Connection);
      entering(c).catch((err: Error) => of().log.debug({ err: err.message }, 'a connection was not counted'));
    },
    uncount: (c) => void leaving(c).catch(() => undefined), // the entry expires
  };
}

/** Closes the connection of this topic. @returns whether the topic is that of a connection. */
export function handleCloseNotice(node: Node, topic: string): boolean {
  if (!topic.startsWith(CONNECTION_TOPIC)) return false;
  const c = node.connections.get(topic.slice(CONNECTION_TOPIC.length));
  if (c !== undefined) closeAsTooMany(node, c);
  return true;
}
