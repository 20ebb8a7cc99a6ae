// What this instance knows of who may post where. It may be stale: the inserting statement compares
// the room's version, and a batch that finds another version drops the entry and resolves again.
import { LRUCache } from 'lru-cache';

interface RoomAccess {
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

export function createAccessCache(): AccessCache {
  const rooms = new LRUCache<string, RoomAccess>({ max: MAX_ROOMS });
  return {
    get: (roomId) => rooms.get(roomId),
    learn(roomId, userId, kind, version) {
      let room = rooms.get(roomId);
      if (room === undefined || room.version !== version || room.members.size >= MAX_MEMBERS) {
        room = { kind, version, members: new Set() };
        rooms.set(roomId, room);
      }
      room.members.add(userId);
    },
    forget: (roomId) => void rooms.delete(roomId),
  };
}
