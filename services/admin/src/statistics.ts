import { readConnections } from '@chatapi/bus';
import type { Context } from './context.ts';
import { type Counts, readCounts } from './statistics-store.ts';

export interface Statistics extends Counts {
  users: Counts['users'] & { online: number };
  connections: { total: number; by_node: Record<string, number> };
  generated_at: string;
}

export async function readStatistics({ db, redis }: Pick<Context, 'db' | 'redis'>): Promise<Statistics> {
  const [counts, { online, nodes }] = await Promise.all([readCounts(db), readConnections(redis)]);
  const by_node: Record<string, number> = {};
  for (const { instance, connections } of nodes) by_node[instance] = (by_node[instance] ?? 0) + connections;
  return {
    ...counts,
    users: { ...counts.users, online },
    connections: { total: Object.values(by_node).reduce((a, b) => a + b, 0), by_node },
    generated_at: new Date().toISOString(),
  };
}
