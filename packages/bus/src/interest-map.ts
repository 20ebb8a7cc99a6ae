// Which realtime nodes want which topics. A stale entry only costs a useless signal.
// Nodes remove those whose lease expired, and enter all their topics again after a FLUSHALL.
import type { Redis } from 'ioredis';
import { enterMap, type LeasedMap, leaveMap } from './leased-map.ts';
import { removeNodeStats } from './online-users.ts';

/** A node that does not renew its lease leaves the map after this time. */
const NODE_LEASE_MS = 15_000;

export const NODES = 'chatapi:nodes';
const INTEREST: LeasedMap = { map: 'chatapi:interest', of: (node) => `chatapi:topics:${node}` };
export const nodeChannel = (node: string): string => `chatapi:node:${node}`;

/** Once it resolves, `node` gets signals of these topics. Read the heads after it, not before. */
export const enterTopics = (redis: Redis, node: string, topics: string[]): Promise<void> =>
  enterMap(redis, INTEREST, node, topics);
/** Skips topics that are `wanted` again. It is checked per chunk, since many topics take time. */
export const leaveTopics = (
  redis: Redis,
  node: string,
  topics: string[],
  wanted: (topic: string) => boolean = () => false,
): Promise<void> => leaveMap(redis, INTEREST, node, topics, wanted);

/** Interested nodes per topic, in the order of `topics`. */
export async function nodesOf(redis: Redis, topics: string[]): Promise<string[][]> {
  if (topics.length === 0) return [];
  const values = await redis.hmget(INTEREST.map, ...topics);
  return values.map((value) => (value === null ? [] : value.split(',')));
}

/**
 * @returns false when the node was not in the map (start, FLUSHALL, swept): enter all topics again.
 */
export const renewNode = async (redis: Redis, node: string): Promise<boolean> =>
  (await redis.zadd(NODES, Date.now() + NODE_LEASE_MS, node)) === 0;

/** Removes a node with its topics, at its stop or after its lease. @returns its topics. */
export async function removeNode(redis: Redis, node: string): Promise<string[]> {
  const topics = await redis.smembers(INTEREST.of(node));
  await leaveTopics(redis, node, topics);
  await removeNodeStats(redis, node);
  await redis.multi().zrem(NODES, node).del(INTEREST.of(node)).exec();
  return topics;
}

/**
 * For a node that stops: removes it from the statistics; others sweep its topics after `graceMs`.
 */
export async function retireNode(redis: Redis, node: string, graceMs: number): Promise<void> {
  await redis.zadd(NODES, Date.now() + graceMs, node);
  await removeNodeStats(redis, node);
}

/** Removes nodes whose lease expired. @returns their topics: those users may be offline now. */
export async function sweepNodes(redis: Redis): Promise<{ node: string; topics: string[] }[]> {
  const dead = await redis.zrangebyscore(NODES, 0, Date.now());
  const swept: { node: string; topics: string[] }[] = [];
  for (const node of dead) swept.push({ node, topics: await removeNode(redis, node) });
  return swept;
}

export const presentNodes = (redis: Redis): Promise<string[]> => redis.zrangebyscore(NODES, Date.now(), '+inf');
