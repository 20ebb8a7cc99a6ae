// Statistics: counts from the read model, and connections from Redis. Without Redis the connections
// are unknown, and the rest is returned.
import { readConnections } from '@chatapi/bus';
import type { Context } from './context.ts';
import { type Counts, readCounts } from './statistics-store.ts';

interface ConnectionCounts {
  online: number | null;
  connections: { total: number | null; by_node: Record<string, number> };
}

export interface Statistics extends Counts {
  users: Counts['users'] & Pick<ConnectionCounts, 'online'>;
  connections: ConnectionCounts['connections'];
  generated_at: string;
}

const UNKNOWN: ConnectionCounts = { online: null, connections: { total: null, by_node: {} } };

export async function readConnectionCounts({ redis, log }: Pick<Context, 'redis' | 'log'>): Promise<ConnectionCounts> {
  try {
    const { online, nodes } = await readConnections(redis);
    const by_node: Record<string, number> = {};
    for (const { instance, connections } of nodes) by_node[instance] = (by_node[instance] ?? 0) + connections;
    return { online, connections: { total: Object.values(by_node).reduce((a, b) => a + b, 0), by_node } };
  } catch (err) {
    log.debug({ err: (err as Error).message }, 'connections are unknown');
    return UNKNOWN;
  }
}

export async function readStatistics(ctx: Pick<Context, 'db' | 'redis' | 'log'>): Promise<Statistics> {
  const [counts, { online, connections }] = await Promise.all([readCounts(ctx.db), readConnectionCounts(ctx)]);
  return { ...counts, users: { ...counts.users, online }, connections, generated_at: new Date().toISOString() };
}
