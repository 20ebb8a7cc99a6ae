// Owns: a message's status, from how far its room's readers are. The two that are furthest are enough: one may be its sender.
import type { Pool } from '@chatapi/kit';
import type { Message } from './frames.ts';
import { type Furthest, furthestIn } from './position-store.ts';
/** By room: at least the two furthest readers and the two furthest receivers. */
export type Positions = Map<string, Furthest[]>;

export const positionsOf = async (pool: Pool, roomIds: string[]): Promise<Positions> =>
  Map.groupBy(await furthestIn(pool, roomIds), ({ room_id }) => room_id);

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
