import type { Connection } from '../state.ts';

/**
 * Whether the connection gets what happens in the room: a bot's token may be limited to some of its
 * rooms, and a stream may show one.
 */
export const isWithinToken = ({ claims: { rooms }, stream }: Connection, roomId: string): boolean =>
  (rooms === undefined || rooms.includes(roomId)) && (stream === undefined || stream.hears(roomId));
