// Owns: what this instance remembers of who may post where. Never trusted: the inserting statement compares the room's version,
// and a batch that met another version forgets the room and looks again.
export interface RoomAccess {
  kind: 'public' | 'private' | 'direct';
  version: number;
  members: Set<string>;
}

export interface AccessCache {
  get(roomId: string): RoomAccess | undefined;
  learn(roomId: string, userId: string, kind: RoomAccess['kind'], version: number): void;
  forget(roomId: string): void;
}

const MAX_ROOMS = 20_000;
const MAX_MEMBERS = 5_000;

export function openAccessCache(): AccessCache {
  const rooms = new Map<string, RoomAccess>();
  return {
    get: (roomId) => rooms.get(roomId),
    learn(roomId, userId, kind, version) {
      let room = rooms.get(roomId);
      if (room === undefined || room.version !== version || room.members.size >= MAX_MEMBERS) {
        if (rooms.size >= MAX_ROOMS) rooms.delete(rooms.keys().next().value as string);
        room = { kind, version, members: new Set() };
        rooms.set(roomId, room);
      }
      room.members.add(userId);
    },
    forget: (roomId) => void rooms.delete(roomId),
  };
}
