// Owns: how many connections a user has over all nodes, oldest first, so that one too many closes the oldest, wherever it is.
// Lost with Redis' memory, and then counted anew: each node still counts its own.
import type { Redis } from 'ioredis';
import { NODES } from './interest.ts';

const listOf = (user: string): string => `chatapi:connections:${user}`;
/** Longer than an access token lives; a user who comes back extends it. */
const KEEP_S = 86_400;

// KEYS: nodes' leases, then the list of each entry's user. ARGV: now, most, seconds to keep, then the entries: `<node>|<connection>`.
// Entries of nodes that died are left out when it matters. → entries to close.
const ENTER = `
local now, most, close = tonumber(ARGV[1]), tonumber(ARGV[2]), {}
for i = 2, #KEYS do
  local list, own = KEYS[i], ARGV[i + 2]
  redis.call('ZADD', list, now, own)
  redis.call('EXPIRE', list, ARGV[3])
  local over = redis.call('ZCARD', list) - most
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

/** @returns the oldest ones beyond `most` of a user: they are out of the list and are to be closed by their nodes. */
export async function enterConnections(
  redis: Redis,
  connections: ListedConnection[],
  most: number,
): Promise<Omit<ListedConnection, 'user'>[]> {
  const scripted = redis as Scripted;
  if (scripted.chatapiEnterConnections === undefined) redis.defineCommand('chatapiEnterConnections', { lua: ENTER });
  const lists = connections.map(({ user }) => listOf(user));
  const entries = await scripted.chatapiEnterConnections?.(
    lists.length + 1,
    NODES,
    ...lists,
    Date.now(),
    most,
    KEEP_S,
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
