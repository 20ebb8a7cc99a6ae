// The stream of one room, for its members: an ordinary connection that hears this room only.
import { CLOSE, closeConnection } from '../connections/connections.ts';
import type { Node } from '../context.ts';
import { addFeed, pump } from '../rooms/feed.ts';
import type { Connection, EventStream, Room } from '../state.ts';
import type { ResumedRoom } from '../wire/node-frames.ts';
import { eventText, ownEvent } from './sse-text.ts';

/** What follows is live. */
export const writeLive = (node: Node, c: Connection, chat_id: string, seq: number): void =>
  node.writer.write(c, ownEvent('live', { chat_id, seq }, String(seq)));

/** Events between the two positions may be missing. */
export const writeResync = (node: Node, c: Connection, chat_id: string, { from, to }: ResumedRoom, id: string): void =>
  node.writer.write(c, ownEvent('resync', { rooms: { [chat_id]: { from, to } } }, id));

/** Clients come back, as a reader of a public room, or are refused. */
export const endMembership = (node: Node, c: Connection): void =>
  closeConnection(node, c, CLOSE.goingAway, 'your rights in the room have changed');

export const createRoomStream = (node: Node, room: string, of: () => Connection): EventStream => ({
  room,
  held: false,
  hears: (id) => id === room,
  canTake: () => true,
  event: (_room, seq, json) => eventText(json, String(seq)),
  notice: () => undefined,
  replayed(_room, result) {
    if (!result.complete) writeResync(node, of(), room, result, String(result.to));
    writeLive(node, of(), room, result.to);
  },
  left(id) {
    if (id === room) endMembership(node, of());
  },
  wake: () => undefined,
});

/** @param from the last seq that the client has; undefined: begin live. */
export function startRoomStream(node: Node, c: Connection, { id, position }: Room, from: number | undefined): void {
  if (from === undefined) {
    writeLive(node, c, id, position);
    return;
  }
  const resume = { left: 1, rooms: { [id]: { from, to: from, complete: false } } };
  void pump(node, c, addFeed(c, { room: id, at: from, began: position, resume }));
}
