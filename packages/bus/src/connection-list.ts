// Owns: how many connections a user has over all nodes, oldest first, so that one too many closes the oldest, wherever it is.
// Lost with Redis' memory, and then counted anew: each node still counts its own.
import type { Redis } from 'ioredis';
import { NODES } from './interest.ts';

const listOf = (user: string): string => `chatapi:connections:${user}`;
/** Longer than an access token lives; a user who comes back extends it. */
const KEEP_S = 86_400;

// KEYS: list, nodes' leases. ARGV: entry, now, most, seconds to keep. Entries are `<node>|<connection>`.
// Entries of nodes that died are left out when it matters. → entries to close.
const ENTER = `
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[4])
local over = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[3])
local close = {}
if over <= 0 then return close end
for _, entry in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local node = string.match(entry, '^(.*)|')
  local lease = redis.call('ZSCORE', KEYS[2], node)
  if entry ~= ARGV[1] and (not lease or tonumber(lease) < tonumber(ARGV[2])) then
    redis.call('ZREM', KEYS[1], entry)
    over = over - 1
  end
end
for _, entry in ipairs(redis.call('ZRANGE', KEYS[1], 0, over - 1)) do
  if over > 0 then
    redis.call('ZREM', KEYS[1], entry)
    close[#close + 1] = entry
  end
end
return close`;

export interface ListedConnection {
  node: string;
  connection: string;
}

type Scripted = Redis & {
  chatapiEnterConnection?(
    list: string,
    nodes: string,
    entry: string,
    now: number,
    most: number,
    keep: number,
  ): Promise<string[]>;
};

/** @returns the oldest ones beyond `most`: they are out of the list and are to be closed by their nodes. */
export async function enterConnection(
  redis: Redis,
  user: string,
  { node, connection }: ListedConnection,
  most: number,
): Promise<ListedConnection[]> {
  const scripted = redis as Scripted;
  if (scripted.chatapiEnterConnection === undefined)
    redis.defineCommand('chatapiEnterConnection', { numberOfKeys: 2, lua: ENTER });
  const entries = await scripted.chatapiEnterConnection?.(
    listOf(user),
    NODES,
    `${node}|${connection}`,
    Date.now(),
    most,
    KEEP_S,
  );
  return (entries ?? []).map((entry) => {
    const cut = entry.lastIndexOf('|');
    return { node: entry.slice(0, cut), connection: entry.slice(cut + 1) };
  });
}

export const leaveConnection = (redis: Redis, user: string, { node, connection }: ListedConnection): Promise<number> =>
  redis.zrem(listOf(user), `${node}|${connection}`);
