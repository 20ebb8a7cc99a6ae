// Where a stream of all rooms goes on: what its cursor says; of the rooms that this does not name,
// what its base says, or where the user joined.
import type { AccessClaims } from '@chatapi/kit/auth';
import type { Node } from '../context.ts';
import type { LocalUser } from '../state.ts';
import { type Cursor, keyOf } from './all-rooms-cursor.ts';

export interface Start {
  base: string | undefined;
  /** The last seq that the client has, by room. */
  rooms: Map<string, number>;
  /** Of those rooms, the ones that the base does not say. */
  explicit: Map<string, number>;
  /** Rooms whose position is not known any more, since the base is gone. */
  lost: Set<string>;
}

export const beginStart = ({ base }: Cursor): Start => ({
  base,
  rooms: new Map(),
  explicit: new Map(),
  lost: new Set(),
});

async function ask(node: Node, user_id: string, start: Start, rooms: string[]): Promise<void> {
  const { known, positions, joined } = await node.streamBases.find({ user_id, base: start.base, rooms });
  for (const id of rooms) {
    const before = joined[id];
    if (!known) start.lost.add(id);
    else if (before !== undefined) start.explicit.set(id, before);
    start.rooms.set(id, before ?? positions[id] ?? 0);
  }
}

/**
 * @returns undefined when every room of the user has its start; else what to wait for before the
 * next call. @throws AppError SERVICE_UNAVAILABLE
 */
export function completeStart(
  node: Node,
  user: LocalUser,
  claims: AccessClaims,
  cursor: Cursor,
  start: Start,
): Promise<void> | undefined {
  const unknown: string[] = [];
  for (const id of user.rooms.keys()) {
    if (start.rooms.has(id) || claims.rooms?.includes(id) === false) continue;
    const seq = cursor.moved.get(keyOf(id));
    if (seq === undefined) unknown.push(id);
    else {
      start.rooms.set(id, seq);
      start.explicit.set(id, seq);
    }
  }
  return unknown.length === 0 ? undefined : ask(node, user.id, start, unknown);
}
