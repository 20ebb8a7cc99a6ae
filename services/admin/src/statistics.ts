import { liveNodes } from '@chatapi/bus';
import type { Context } from './context.ts';
import { type Counts, readCounts } from './statistics-store.ts';

export interface Statistics extends Counts {
  users: Counts['users'] & { online: number };
  connections: { total: number; by_node: Record<string, number> };
  generated_at: string;
}

const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);

/** `users.online` adds up what each node reports: somebody connected to two nodes counts on both. */
export async function readStatistics({ db, redis }: Pick<Context, 'db' | 'redis'>): Promise<Statistics> {
  const [counts, nodes] = await Promise.all([readCounts(db), liveNodes(redis)]);
  return {
    ...counts,
    users: { ...counts.users, online: sum(nodes.map(({ users }) => users)) },
    connections: {
      total: sum(nodes.map(({ connections }) => connections)),
      by_node: Object.fromEntries(nodes.map(({ instance, connections }) => [instance, connections])),
    },
    generated_at: new Date().toISOString(),
  };
}
