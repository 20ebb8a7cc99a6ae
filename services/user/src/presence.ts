// Owns: who is online: whose topic a live node is interested in. A hint from Redis; without Redis everybody is shown
// offline with the last time that was stored, and nobody waits.
import { nodesOf, presentNodes, userTopic } from '@chatapi/bus';
import type { Redis } from '@chatapi/kit';

export interface Presence {
  status: 'online' | 'offline';
  last_seen: string | null;
}

const PATIENCE_MS = 400;

async function ask(redis: Redis, userIds: string[]): Promise<Set<string>> {
  const [alive, interested] = await Promise.all([presentNodes(redis), nodesOf(redis, userIds.map(userTopic))]);
  const nodes = new Set(alive);
  return new Set(userIds.filter((_, i) => interested[i]?.some((node) => nodes.has(node))));
}

export async function onlineAmong(redis: Redis, userIds: string[]): Promise<Set<string>> {
  if (redis.status !== 'ready' || userIds.length === 0) return new Set();
  let timer: NodeJS.Timeout | undefined;
  const tired = new Promise<Set<string>>((resolve) => {
    timer = setTimeout(() => resolve(new Set()), PATIENCE_MS);
  });
  const answer = ask(redis, userIds).catch(() => new Set<string>());
  return Promise.race([answer, tired]).finally(() => clearTimeout(timer));
}

export const presenceOf = (online: boolean, lastSeen: string | null): Presence =>
  online ? { status: 'online', last_seen: new Date().toISOString() } : { status: 'offline', last_seen: lastSeen };
