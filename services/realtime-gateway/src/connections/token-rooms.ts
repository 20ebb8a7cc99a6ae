import type { Connection } from '../state.ts';

/** Whether the connection may know the room: a bot's token may be limited to some of its rooms. */
export const isWithinToken = ({ claims: { rooms } }: Connection, roomId: string): boolean =>
  rooms === undefined || rooms.includes(roomId);
