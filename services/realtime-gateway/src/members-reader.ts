// Owns: asking message about users. After a node's death they come by the thousand.
import type { Peer } from '@chatapi/kit';
import { gathered } from './gather.ts';

export interface RoomOfUser {
  id: string;
  kind: 'public' | 'private' | 'direct';
  last_seq: number;
  member_count: number;
}

export interface MembersReader {
  /** @throws AppError SERVICE_UNAVAILABLE. */
  roomsOf(userId: string): Promise<RoomOfUser[]>;
  /** Who may see these users' presence, by user. @throws AppError SERVICE_UNAVAILABLE. */
  peersOf(userIds: string[]): Promise<Record<string, string[]>>;
}

const USERS_A_CALL = 100;

export function openMembersReader(message: Pick<Peer, 'call'>): MembersReader {
  const ask = <T>(path: string, user_ids: string[]): Promise<T> =>
    message.call<T>('POST', path, { body: { user_ids } });

  return {
    roomsOf: gathered(async (userIds) => {
      const path = '/internal/rooms-of-users';
      const { rooms } = await ask<{ rooms: Record<string, RoomOfUser[]> }>(path, [...new Set(userIds)]);
      return userIds.map((id) => rooms[id] ?? []);
    }, USERS_A_CALL),
    async peersOf(userIds) {
      const all: Record<string, string[]> = {};
      for (let i = 0; i < userIds.length; i += USERS_A_CALL) {
        const some = userIds.slice(i, i + USERS_A_CALL);
        Object.assign(all, (await ask<{ peers: Record<string, string[]> }>('/internal/peers-of-users', some)).peers);
      }
      return all;
    },
  };
}
