// Owns: a message's status, from how far its room's readers are. The two that are furthest are enough: one may be its sender.

import type { Message } from './frames.ts';
import type { Furthest } from './furthest-store.ts';

/** `read` as soon as one other person has read it, `delivered` as soon as one other's connection took it. */
export function statusOf(
  furthest: Pick<Furthest, 'user_id' | 'delivered_seq' | 'read_seq'>[],
  senderId: string,
  seq: number,
): Message['status'] {
  const others = furthest.filter(({ user_id }) => user_id !== senderId);
  if (others.some(({ read_seq }) => read_seq >= seq)) return 'read';
  return others.some(({ delivered_seq }) => delivered_seq >= seq) ? 'delivered' : 'sent';
}
