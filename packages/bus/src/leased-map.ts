// A map from names to nodes, with a list of names per node to remove a dead node's names.
import type { Redis } from 'ioredis';

export interface LeasedMap {
  map: string;
  of(node: string): string;
}

// Field value: node ids joined by ','. KEYS: map, list of the node. ARGV: node, then names.
const ENTER = `
for i = 2, #ARGV do
  if redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[1]) == 0 then
    local now = redis.call('HGET', KEYS[1], ARGV[i])
    if not string.find(',' .. now .. ',', ',' .. ARGV[1] .. ',', 1, true) then redis.call('HSET', KEYS[1], ARGV[i], now .. ',' .. ARGV[1]) end
  end
end
redis.call('SADD', KEYS[2], unpack(ARGV, 2))`;
const LEAVE = `
for i = 2, #ARGV do
  local now = redis.call('HGET', KEYS[1], ARGV[i])
  if now == ARGV[1] then redis.call('HDEL', KEYS[1], ARGV[i])
  elseif now then
    local rest = {}
    for node in string.gmatch(now, '[^,]+') do if node ~= ARGV[1] then rest[#rest + 1] = node end end
    redis.call('HSET', KEYS[1], ARGV[i], table.concat(rest, ','))
  end
end
redis.call('SREM', KEYS[2], unpack(ARGV, 2))`;

/** Names per call: a script blocks Redis, and Lua's `unpack` takes a few thousand values. */
const CHUNK = 1000;

type Skip = (name: string) => boolean;
const none: Skip = () => false;

async function inChunks(
  redis: Redis,
  script: string,
  at: LeasedMap,
  node: string,
  names: string[],
  skip: Skip,
): Promise<void> {
  for (let i = 0; i < names.length; i += CHUNK) {
    const some = names.slice(i, i + CHUNK).filter((name) => !skip(name));
    if (some.length > 0) await redis.eval(script, 2, at.map, at.of(node), node, ...some);
  }
}

export const enterMap = (redis: Redis, at: LeasedMap, node: string, names: string[]): Promise<void> =>
  inChunks(redis, ENTER, at, node, names, none);
/** `skip` is called for each name just before its chunk is sent. */
export const leaveMap = (
  redis: Redis,
  at: LeasedMap,
  node: string,
  names: string[],
  skip: Skip = none,
): Promise<void> => inChunks(redis, LEAVE, at, node, names, skip);
