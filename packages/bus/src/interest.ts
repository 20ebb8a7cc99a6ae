// Owns: which realtime nodes want to hear of which topic: a leased map in Redis. A stale entry costs nothing but a hint.
// A node dead for longer than its lease is swept out by the others; after a FLUSHALL each node enters all its topics again.
import type { Redis } from 'ioredis';

/** Milliseconds that a node stays in the map without `renew`. */
export const NODE_LEASE_MS = 15_000;

const INTEREST = 'chatapi:interest';
export const NODES = 'chatapi:nodes';
const STATS = 'chatapi:node-stats';
const topicsOf = (node: string): string => `chatapi:topics:${node}`;
export const nodeChannel = (node: string): string => `chatapi:node:${node}`;

// Field value: node ids joined by ','. KEYS: interest, topics of node. ARGV: node, topics…
const ENTER = `
for i = 2, #ARGV do
  local now = redis.call('HGET', KEYS[1], ARGV[i])
  if not now then redis.call('HSET', KEYS[1], ARGV[i], ARGV[1])
  elseif not string.find(',' .. now .. ',', ',' .. ARGV[1] .. ',', 1, true) then redis.call('HSET', KEYS[1], ARGV[i], now .. ',' .. ARGV[1]) end
  redis.call('SADD', KEYS[2], ARGV[i])
end`;
const LEAVE = `
for i = 2, #ARGV do
  local now = redis.call('HGET', KEYS[1], ARGV[i])
  if now then
    local rest = {}
    for node in string.gmatch(now, '[^,]+') do if node ~= ARGV[1] then rest[#rest + 1] = node end end
    if #rest == 0 then redis.call('HDEL', KEYS[1], ARGV[i]) else redis.call('HSET', KEYS[1], ARGV[i], table.concat(rest, ',')) end
  end
  redis.call('SREM', KEYS[2], ARGV[i])
end`;

const CHUNK = 1000;

async function inChunks(redis: Redis, script: string, node: string, topics: string[]): Promise<void> {
  for (let i = 0; i < topics.length; i += CHUNK) {
    await redis.eval(script, 2, INTEREST, topicsOf(node), node, ...topics.slice(i, i + CHUNK));
  }
}

/** After this resolves, whatever commits is sent to `node`: read the room's head after it, not before. */
export const enterTopics = (redis: Redis, node: string, topics: string[]): Promise<void> =>
  inChunks(redis, ENTER, node, topics);
export const leaveTopics = (redis: Redis, node: string, topics: string[]): Promise<void> =>
  inChunks(redis, LEAVE, node, topics);

/** Interested nodes per topic, in the order asked. */
export async function nodesOf(redis: Redis, topics: string[]): Promise<string[][]> {
  if (topics.length === 0) return [];
  const values = await redis.hmget(INTEREST, ...topics);
  return values.map((value) => (value === null ? [] : value.split(',')));
}

export interface NodeStats {
  instance: string;
  connections: number;
  users: number;
}

/** Renews the lease. @returns false when the map had forgotten this node (first time, FLUSHALL, swept): enter all topics again. */
export async function renewNode(redis: Redis, node: string, stats: NodeStats): Promise<boolean> {
  const [added] = (await redis
    .multi()
    .zadd(NODES, Date.now() + NODE_LEASE_MS, node)
    .hset(STATS, node, JSON.stringify(stats))
    .exec()) as [[Error | null, number], unknown];
  return added[1] === 0;
}

/** Takes a node out with all its topics: at its own stop, or by another when its lease has run out. */
export async function removeNode(redis: Redis, node: string): Promise<string[]> {
  const topics = await redis.smembers(topicsOf(node));
  await leaveTopics(redis, node, topics);
  await redis.multi().zrem(NODES, node).hdel(STATS, node).del(topicsOf(node)).exec();
  return topics;
}

/** For a node that stops: it counts no more, and what it had is swept by the others once `graceMs` are over. */
export async function retireNode(redis: Redis, node: string, graceMs: number): Promise<void> {
  await redis
    .multi()
    .zadd(NODES, Date.now() + graceMs, node)
    .hdel(STATS, node)
    .exec();
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

/** Connections and users of the nodes whose lease holds. */
export async function liveNodes(redis: Redis): Promise<(NodeStats & { node: string })[]> {
  const [alive, stats] = await Promise.all([presentNodes(redis), redis.hgetall(STATS)]);
  return alive.flatMap((node) =>
    stats[node] === undefined ? [] : [{ node, ...(JSON.parse(stats[node]) as NodeStats) }],
  );
}
