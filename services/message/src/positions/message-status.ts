// The two furthest positions are enough: one of them may be the sender's.

import type { Message } from '../log/message.ts';
import type { Furthest } from './furthest-store.ts';

/**
 * `read` when another user has read it, `delivered` when a connection of another user received it.
 */
export function statusOf(
  furthest: Pick<Furthest, 'user_id' | 'delivered_seq' | 'read_seq'>[],
  senderId: string,
  seq: number,
): Message['status'] {
  const others = furthest.filter(({ user_id }) => user_id !== senderId);
  if (others.some(({ read_seq }) => read_seq >= seq)) return 'read';
  return others.some(({ delivered_seq }) => delivered_seq >= seq) ? 'delivered' : 'sent';
}
