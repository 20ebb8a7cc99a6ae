// Owns: what the dashboard shows: counts from the read model, and who is connected from Redis. Without Redis that is not known, and
// the rest is shown all the same.
import { readConnections } from '@chatapi/bus';
import type { Context } from './context.ts';
import { type Counts, readCounts } from './statistics-store.ts';

interface Connected {
  online: number | null;
  connections: { total: number | null; by_node: Record<string, number> };
}

export interface Statistics extends Counts {
  users: Counts['users'] & Pick<Connected, 'online'>;
  connections: Connected['connections'];
  generated_at: string;
}

const UNKNOWN: Connected = { online: null, connections: { total: null, by_node: {} } };

async function readConnected({ redis, log }: Pick<Context, 'redis' | 'log'>): Promise<Connected> {
  try {
    const { online, nodes } = await readConnections(redis);
    const by_node: Record<string, number> = {};
    for (const { instance, connections } of nodes) by_node[instance] = (by_node[instance] ?? 0) + connections;
    return { online, connections: { total: Object.values(by_node).reduce((a, b) => a + b, 0), by_node } };
  } catch (err) {
    log.debug({ err: (err as Error).message }, 'who is connected is not known');
    return UNKNOWN;
  }
}

export async function readStatistics(ctx: Pick<Context, 'db' | 'redis' | 'log'>): Promise<Statistics> {
  const [counts, { online, connections }] = await Promise.all([readCounts(ctx.db), readConnected(ctx)]);
  return { ...counts, users: { ...counts.users, online }, connections, generated_at: new Date().toISOString() };
}
