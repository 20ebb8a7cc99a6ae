// Statistics of the realtime nodes: connections, and distinct online users over all nodes.
// A node counts for ALIVE_MS after its last report. Presence uses the longer lease of a node.
import type { Redis } from 'ioredis';
import { enterMap, type LeasedMap, leaveMap } from './leased-map.ts';

/** Less than the 2 s by which statistics may be late. */
const ALIVE_MS = 1750;
const STATS = 'chatapi:node-stats';
const ONLINE: LeasedMap = { map: 'chatapi:online', of: (node) => `chatapi:online:${node}` };
const aliveKey = (node: string): string => `chatapi:alive:${node}`;

export interface NodeStats {
  instance: string;
  connections: number;
}

/**
 * `came`: users with a first connection on this node. `went`: users who lost their last one.
 * Idempotent.
 */
export async function reportOnline(redis: Redis, node: string, came: string[], went: string[]): Promise<void> {
  await enterMap(redis, ONLINE, node, came);
  await leaveMap(redis, ONLINE, node, went);
}

/** @returns the node's number of users in Redis. Fewer than reported: it was removed meanwhile. */
export async function reportAlive(redis: Redis, node: string, stats: NodeStats): Promise<number> {
  // An ioredis transaction is expensive to create, and the report is repeated every 500 ms.
  const [, , known] = await Promise.all([
    redis.hset(STATS, node, JSON.stringify(stats)),
    redis.set(aliveKey(node), '1', 'PX', ALIVE_MS),
    redis.scard(ONLINE.of(node)),
  ]);
  return known;
}

export async function removeNodeStats(redis: Redis, node: string): Promise<void> {
  await leaveMap(redis, ONLINE, node, await redis.smembers(ONLINE.of(node)));
  await redis.multi().hdel(STATS, node).del(aliveKey(node)).exec();
}

/** Removes nodes without a recent report first. */
export async function readConnections(redis: Redis): Promise<{ online: number; nodes: NodeStats[] }> {
  const known = Object.entries(await redis.hgetall(STATS));
  const signs = known.length === 0 ? [] : await redis.mget(known.map(([node]) => aliveKey(node)));
  for (const [i, [node]] of known.entries()) if (signs[i] === null) await removeNodeStats(redis, node);
  return {
    online: await redis.hlen(ONLINE.map),
    nodes: known.filter((_, i) => signs[i] !== null).map(([, stats]) => JSON.parse(stats) as NodeStats),
  };
}
