// A user is online when a live realtime node is interested in the user's topic (interest map in
// Redis). Without Redis everybody is offline, with the last-seen time that was stored.
import { nodesOf, presentNodes, userTopic } from '@chatapi/bus';
import type { Redis } from '@chatapi/kit/data';

export interface Presence {
  status: 'online' | 'offline';
  last_seen: string | null;
}

const TIMEOUT_MS = 400;

async function readOnline(redis: Redis, userIds: string[]): Promise<Set<string>> {
  const [alive, interested] = await Promise.all([presentNodes(redis), nodesOf(redis, userIds.map(userTopic))]);
  const nodes = new Set(alive);
  return new Set(userIds.filter((_, i) => interested[i]?.some((node) => nodes.has(node))));
}

export async function onlineAmong(redis: Redis, userIds: string[]): Promise<Set<string>> {
  if (redis.status !== 'ready' || userIds.length === 0) return new Set();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<Set<string>>((resolve) => {
    timer = setTimeout(() => resolve(new Set()), TIMEOUT_MS);
  });
  const answer = readOnline(redis, userIds).catch(() => new Set<string>());
  return Promise.race([answer, timeout]).finally(() => clearTimeout(timer));
}

export const presenceOf = (online: boolean, lastSeen: string | null): Presence =>
  online ? { status: 'online', last_seen: new Date().toISOString() } : { status: 'offline', last_seen: lastSeen };
