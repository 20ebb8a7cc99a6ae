// Owns: asking message about users. Who connects within one turn is asked for in one call: after a node's death they come by the thousand.
import { setImmediate } from 'node:timers';
import type { Peer } from '@chatapi/kit';

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
  let next: { userIds: Set<string>; answer: Promise<Record<string, RoomOfUser[]>> } | undefined;

  async function roomsOfAll(userIds: Set<string>): Promise<Record<string, RoomOfUser[]>> {
    await new Promise((resolve) => setImmediate(resolve));
    if (next?.userIds === userIds) next = undefined;
    return (await ask<{ rooms: Record<string, RoomOfUser[]> }>('/internal/rooms-of-users', [...userIds])).rooms;
  }

  return {
    async roomsOf(userId) {
      if (next === undefined || next.userIds.size >= USERS_A_CALL) {
        const userIds = new Set<string>();
        next = { userIds, answer: roomsOfAll(userIds) };
      }
      next.userIds.add(userId);
      return (await next.answer)[userId] ?? [];
    },
    async peersOf(userIds) {
      const all: Record<string, string[]> = {};
      for (let i = 0; i < userIds.length; i += USERS_A_CALL)
        Object.assign(
          all,
          (
            await ask<{ peers: Record<string, string[]> }>(
              '/internal/peers-of-users',
              userIds.slice(i, i + USERS_A_CALL),
            )
          ).peers,
        );
      return all;
    },
  };
}
