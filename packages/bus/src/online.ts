// Owns: what the statistics show of the nodes: their connections, and the users who have one, each once however many nodes they
// are on. A node without a sign of life for ALIVE_MS counts no more; presence has its lease, and more patience.
import type { Redis } from 'ioredis';
import { enterMap, type LeasedMap, leaveMap } from './leased-map.ts';

/** Less than the 2 s within which statistics are right. */
const ALIVE_MS = 1750;
const STATS = 'chatapi:node-stats';
const ONLINE: LeasedMap = { map: 'chatapi:online', of: (node) => `chatapi:online:${node}` };
const aliveKey = (node: string): string => `chatapi:alive:${node}`;

export interface NodeStats {
  instance: string;
  connections: number;
}

/** Users who got their first connection on this node, and who lost their last. Saying it twice changes nothing. */
export async function tellOnline(redis: Redis, node: string, came: string[], went: string[]): Promise<void> {
  await enterMap(redis, ONLINE, node, came);
  await leaveMap(redis, ONLINE, node, went);
}

/** @returns how many users it is known to have: not as many as it has told of means that it was counted out meanwhile. */
export async function showAlive(redis: Redis, node: string, stats: NodeStats): Promise<number> {
  // No transaction: ioredis makes an object with every command of Redis for one, and what is said is said again in half a second.
  const [, , known] = await Promise.all([
    redis.hset(STATS, node, JSON.stringify(stats)),
    redis.set(aliveKey(node), '1', 'PX', ALIVE_MS),
    redis.scard(ONLINE.of(node)),
  ]);
  return known;
}

export async function countOut(redis: Redis, node: string): Promise<void> {
  await leaveMap(redis, ONLINE, node, await redis.smembers(ONLINE.of(node)));
  await redis.multi().hdel(STATS, node).del(aliveKey(node)).exec();
}

/** Counts out who is silent first. */
export async function readConnections(redis: Redis): Promise<{ online: number; nodes: NodeStats[] }> {
  const known = Object.entries(await redis.hgetall(STATS));
  const signs = known.length === 0 ? [] : await redis.mget(known.map(([node]) => aliveKey(node)));
  for (const [i, [node]] of known.entries()) if (signs[i] === null) await countOut(redis, node);
  return {
    online: await redis.hlen(ONLINE.map),
    nodes: known.filter((_, i) => signs[i] !== null).map(([, stats]) => JSON.parse(stats) as NodeStats),
  };
}
