// Each user's connections on all nodes, oldest first: over the limit, the oldest is closed.
// After a loss of Redis data the list starts empty; each node still limits its own connections.
import type { Redis } from 'ioredis';
import { NODES } from './interest-map.ts';

const listOf = (user: string): string => `chatapi:connections:${user}`;
/** Longer than the lifetime of an access token. Each new connection extends it. */
const ENTRY_TTL_S = 86_400;

// KEYS: leases of the nodes, then the list of each entry's user.
// ARGV: now, max, TTL in seconds, then the entries: `<node>|<connection>`.
// Over the limit, entries of dead nodes are removed first. `i / 1024` keeps the order of one call.
// Returns the entries to close.
const ENTER = `
local now, max, close = tonumber(ARGV[1]), tonumber(ARGV[2]), {}
for i = 2, #KEYS do
  local list, own = KEYS[i], ARGV[i + 2]
  redis.call('ZADD', list, now + i / 1024, own)
  redis.call('EXPIRE', list, ARGV[3])
  local over = redis.call('ZCARD', list) - max
  if over > 0 then
    for _, entry in ipairs(redis.call('ZRANGE', list, 0, -1)) do
      local lease = redis.call('ZSCORE', KEYS[1], string.match(entry, '^(.*)|'))
      if entry ~= own and (not lease or tonumber(lease) < now) then
        redis.call('ZREM', list, entry)
        over = over - 1
      end
    end
  end
  if over > 0 then
    for _, entry in ipairs(redis.call('ZRANGE', list, 0, over - 1)) do
      redis.call('ZREM', list, entry)
      table.insert(close, entry)
    end
  end
end
return close`;

// KEYS: the list of each entry's user. ARGV: the entries.
const LEAVE = `for i, list in ipairs(KEYS) do redis.call('ZREM', list, ARGV[i]) end`;

export interface ListedConnection {
  user: string;
  node: string;
  connection: string;
}

const entryOf = ({ node, connection }: ListedConnection): string => `${node}|${connection}`;

type Scripted = Redis & {
  chatapiEnterConnections?(keys: number, ...keysAndArguments: (string | number)[]): Promise<string[]>;
  chatapiLeaveConnections?(keys: number, ...keysAndArguments: string[]): Promise<null>;
};

/**
 * @returns the oldest connections over `max` per user. They left the list; their nodes close them.
 */
export async function enterConnections(
  redis: Redis,
  connections: ListedConnection[],
  max: number,
): Promise<Omit<ListedConnection, 'user'>[]> {
  const scripted = redis as Scripted;
  if (scripted.chatapiEnterConnections === undefined) redis.defineCommand('chatapiEnterConnections', { lua: ENTER });
  const lists = connections.map(({ user }) => listOf(user));
  const entries = await scripted.chatapiEnterConnections?.(
    lists.length + 1,
    NODES,
    ...lists,
    Date.now(),
    max,
    ENTRY_TTL_S,
    ...connections.map(entryOf),
  );
  return (entries ?? []).map((entry) => {
    const cut = entry.lastIndexOf('|');
    return { node: entry.slice(0, cut), connection: entry.slice(cut + 1) };
  });
}

export async function leaveConnections(redis: Redis, connections: ListedConnection[]): Promise<void> {
  const scripted = redis as Scripted;
  if (scripted.chatapiLeaveConnections === undefined) redis.defineCommand('chatapiLeaveConnections', { lua: LEAVE });
  const lists = connections.map(({ user }) => listOf(user));
  await scripted.chatapiLeaveConnections?.(lists.length, ...lists, ...connections.map(entryOf));
}
