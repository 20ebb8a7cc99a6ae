// Who was removed from a room must not hear on, whatever signals are lost: heads and own sends tell
// the version of a room, which each leaving raises. Another version than the known one means that
// users may have left.
import type { Node } from '../context.ts';
import type { Room } from '../state.ts';
import { applyLeft } from './users.ts';

export interface SeenRoom {
  room: Room;
  version: number | undefined;
}

/** Removes users who left since the known versions. @throws AppError SERVICE_UNAVAILABLE. */
export async function compareVersions(node: Node, seen: SeenRoom[]): Promise<void> {
  const moved = seen.filter(({ room, version }) => version !== undefined && version > (room.version ?? -1));
  const asked = moved.flatMap(({ room: { id, version } }) => (version === undefined ? [] : [{ id, since: version }]));
  const leavings = asked.length === 0 ? [] : await node.members.leavingsSince(asked);
  for (const { room_id, user_id, seq } of leavings) {
    const user = node.users.get(user_id);
    if (user !== undefined) applyLeft(user, room_id, seq);
  }
  // Later leavings are seen again with the next version.
  for (const { room, version } of moved) room.version = Math.max(room.version ?? 0, version as number);
}
