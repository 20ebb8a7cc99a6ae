// Owns: at most 20 connections of one user over all nodes; the 21st closes the oldest. Never in the way of a connection:
// it is counted after its hello, and without Redis each node counts its own.
import { encodeRecord, enterConnection, leaveConnection, nodeChannel } from '@chatapi/bus';
import { CLOSE, closeConnection } from './connections.ts';
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

async function count(node: Node, c: Connection): Promise<void> {
  const excess = await enterConnection(node.redis, c.user.id, { node: node.id, connection: c.id }, MOST_PER_USER);
  for (const { node: where, connection } of excess) {
    const here = node.connections.get(connection);
    if (here !== undefined) tooMany(node, here);
    else await node.redis.publish(nodeChannel(where), wordTo(connection));
  }
  if (c.closed) await leaveConnection(node.redis, c.user.id, { node: node.id, connection: c.id });
}

export function countConnection(node: Node, c: Connection): void {
  if (c.user.connections.length > MOST_PER_USER) tooMany(node, c.user.connections[0] as Connection);
  count(node, c).catch((err: Error) => node.log.debug({ err: err.message }, 'a connection was not counted'));
}

export function uncountConnection(node: Node, c: Connection): void {
  leaveConnection(node.redis, c.user.id, { node: node.id, connection: c.id }).catch(() => undefined); // runs out by itself
}

/** @returns whether the topic was that of a connection. */
export function takeWord(node: Node, topic: string): boolean {
  if (!topic.startsWith(CONNECTION_TOPIC)) return false;
  const c = node.connections.get(topic.slice(CONNECTION_TOPIC.length));
  if (c !== undefined) tooMany(node, c);
  return true;
}
