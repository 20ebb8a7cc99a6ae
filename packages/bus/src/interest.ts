// Owns: which realtime nodes want to hear of which topic: a leased map in Redis. A stale entry costs nothing but a hint.
// A node dead for longer than its lease is swept out by the others; after a FLUSHALL each node enters all its topics again.
import type { Redis } from 'ioredis';
import { enterMap, type LeasedMap, leaveMap } from './leased-map.ts';
import { countOut } from './online.ts';

/** Milliseconds that a node stays in the map without `renew`. */
export const NODE_LEASE_MS = 15_000;

export const NODES = 'chatapi:nodes';
const INTEREST: LeasedMap = { map: 'chatapi:interest', of: (node) => `chatapi:topics:${node}` };
export const nodeChannel = (node: string): string => `chatapi:node:${node}`;

/** After this resolves, whatever commits is sent to `node`: read the room's head after it, not before. */
export const enterTopics = (redis: Redis, node: string, topics: string[]): Promise<void> =>
  enterMap(redis, INTEREST, node, topics);
/** But those that are `kept` by the time that their turn comes: of many, the last are told of later than the first. */
export const leaveTopics = (
  redis: Redis,
  node: string,
  topics: string[],
  kept: (topic: string) => boolean = () => false,
): Promise<void> => leaveMap(redis, INTEREST, node, topics, kept);

/** Interested nodes per topic, in the order asked. */
export async function nodesOf(redis: Redis, topics: string[]): Promise<string[][]> {
  if (topics.length === 0) return [];
  const values = await redis.hmget(INTEREST.map, ...topics);
  return values.map((value) => (value === null ? [] : value.split(',')));
}

/** Renews the lease. @returns false when the map had forgotten this node (first time, FLUSHALL, swept): enter all topics again. */
export const renewNode = async (redis: Redis, node: string): Promise<boolean> =>
  (await redis.zadd(NODES, Date.now() + NODE_LEASE_MS, node)) === 0;

/** Takes a node out with all its topics: at its own stop, or by another when its lease has run out. */
export async function removeNode(redis: Redis, node: string): Promise<string[]> {
  const topics = await redis.smembers(INTEREST.of(node));
  await leaveTopics(redis, node, topics);
  await countOut(redis, node);
  await redis.multi().zrem(NODES, node).del(INTEREST.of(node)).exec();
  return topics;
}

/** For a node that stops: it counts no more, and what it had is swept by the others once `graceMs` are over. */
export async function retireNode(redis: Redis, node: string, graceMs: number): Promise<void> {
  await redis.zadd(NODES, Date.now() + graceMs, node);
  await countOut(redis, node);
}

/** Removes nodes whose lease ran out. @returns topics that each of them had: their users may be offline now. */
export async function sweepNodes(redis: Redis): Promise<{ node: string; topics: string[] }[]> {
  const dead = await redis.zrangebyscore(NODES, 0, Date.now());
  const swept: { node: string; topics: string[] }[] = [];
  for (const node of dead) swept.push({ node, topics: await removeNode(redis, node) });
  return swept;
}

/** Nodes whose lease holds. */
export const presentNodes = (redis: Redis): Promise<string[]> => redis.zrangebyscore(NODES, Date.now(), '+inf');
