// The end of a resume: what was replayed, and what the user has read meanwhile on other devices.
import { isWithinToken } from '../connections/token-rooms.ts';
import type { Node } from '../context.ts';
import type { Connection, Resume } from '../state.ts';
import type { ResumedRoom } from '../wire/node-frames.ts';
import { jsonFrame } from '../wire/ws-frame.ts';

async function withReadStates(node: Node, c: Connection, rooms: Resume['rooms']): Promise<Record<string, ResumedRoom>> {
  const own = Object.keys(rooms).filter((id) => c.user.rooms.has(id) && isWithinToken(c, id));
  if (own.length === 0) return rooms;
  try {
    const states = await node.members.readStates({ user_id: c.user.id, rooms: own });
    return Object.fromEntries(Object.entries(rooms).map(([id, room]) => [id, { ...room, ...states.get(id) }]));
  } catch (err) {
    node.log.debug({ err: (err as Error).message }, 'a resume ends without read positions');
    return rooms;
  }
}

/** Live frames may come meanwhile: they do not depend on it. */
export function sendResumed(node: Node, c: Connection, { rooms }: Resume): void {
  void withReadStates(node, c, rooms).then((all) => node.writer.write(c, jsonFrame({ type: 'resumed', rooms: all })));
}
