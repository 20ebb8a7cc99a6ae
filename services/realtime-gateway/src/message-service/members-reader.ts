// Asks the message service about users, many per call: after a node's death thousands reconnect.
import { AppError, unavailable } from '@chatapi/kit';
import type { ServiceClient } from '@chatapi/kit/rpc';
import { coalesce } from './coalesce.ts';

export interface RoomOfUser {
  id: string;
  kind: 'public' | 'private' | 'direct';
  last_seq: number;
  /** Undefined: from a message service of the previous version. */
  version?: number;
  member_count: number;
}

/** A user who left a room and has not come back. */
export interface Leaving {
  room_id: string;
  user_id: string;
  seq: number;
}

/** As of `last_seq`. */
interface ReadState {
  read_seq: number;
  unread_count: number;
  last_seq: number;
}

interface StateAsked {
  user_id: string;
  rooms?: readonly string[];
  limit: number;
  cursor?: string;
}

export interface StatePage {
  /** Room ids with the seq that each is as of. */
  heads: [string, number][];
  peers: string[];
  /** JSON of an object with the rooms, users and next cursor. */
  body: string;
}

export interface MembersReader {
  /** @throws AppError SERVICE_UNAVAILABLE. */
  roomsOf(userId: string): Promise<RoomOfUser[]>;
  /** The users who see a user's presence, by user. @throws AppError SERVICE_UNAVAILABLE. */
  presenceAudiences(userIds: string[]): Promise<Record<string, string[]>>;
  /** Who left since a version of each room. @throws AppError SERVICE_UNAVAILABLE. */
  leavingsSince(rooms: { id: string; since: number }[]): Promise<Leaving[]>;
  /** Where the user stands, by room. @throws AppError SERVICE_UNAVAILABLE. */
  readStates(asked: { user_id: string; rooms: string[] }): Promise<Map<string, ReadState>>;
  /** A page of the user's rooms. @throws AppError SERVICE_UNAVAILABLE, VALIDATION_ERROR. */
  stateOf(asked: StateAsked): Promise<StatePage>;
  /** Whether the user may be seen typing in the room. @throws AppError SERVICE_UNAVAILABLE. */
  mayType(typist: { user_id: string; room_id: string }): Promise<boolean>;
}

const MAX_USERS_PER_CALL = 100;
const MAX_ROOMS_PER_CALL = 1000;
/** The end of a resume waits for it, and comes without it when it takes longer. */
const READ_STATES_MS = 1000;

export function createMembersReader(message: Pick<ServiceClient, 'call'>): MembersReader {
  const post = <T>(path: string, user_ids: string[]): Promise<T> =>
    message.call<T>('POST', path, { body: { user_ids } });

  return {
    roomsOf: coalesce(async (userIds) => {
      const path = '/internal/rooms-of-users';
      const { rooms } = await post<{ rooms: Record<string, RoomOfUser[]> }>(path, [...new Set(userIds)]);
      return userIds.map((id) => rooms[id] ?? []);
    }, MAX_USERS_PER_CALL),
    async presenceAudiences(userIds) {
      const all: Record<string, string[]> = {};
      for (let i = 0; i < userIds.length; i += MAX_USERS_PER_CALL) {
        const chunk = userIds.slice(i, i + MAX_USERS_PER_CALL);
        Object.assign(all, (await post<{ peers: Record<string, string[]> }>('/internal/peers-of-users', chunk)).peers);
      }
      return all;
    },
    async leavingsSince(rooms) {
      const all: Leaving[] = [];
      for (let i = 0; i < rooms.length; i += MAX_ROOMS_PER_CALL) {
        const body = { rooms: rooms.slice(i, i + MAX_ROOMS_PER_CALL) };
        all.push(...(await message.call<{ leavings: Leaving[] }>('POST', '/internal/leavings', { body })).leavings);
      }
      return all;
    },
    readStates: coalesce(async (asked) => {
      type Row = ReadState & { user_id: string; room_id: string };
      const { states } = await message.call<{ states: Row[] }>('POST', '/internal/read-states', {
        body: { asked },
        timeoutMs: READ_STATES_MS,
      });
      const byUser = Map.groupBy(states, ({ user_id }) => user_id);
      return asked.map(
        ({ user_id }) =>
          new Map(
            byUser
              .get(user_id)
              ?.map(({ room_id, read_seq, unread_count, last_seq }) => [room_id, { read_seq, unread_count, last_seq }]),
          ),
      );
    }, MAX_USERS_PER_CALL),
    async stateOf(asked) {
      try {
        return await message.call<StatePage>('POST', '/internal/state', { body: asked });
      } catch (error) {
        // An instance of the version before: another one may answer the next time.
        if (error instanceof AppError && error.code === 'RESOURCE_NOT_FOUND') throw unavailable('The state', error);
        throw error;
      }
    },
    mayType: coalesce(async (typists) => {
      const body = { typists };
      return (await message.call<{ allowed: boolean[] }>('POST', '/internal/may-type', { body })).allowed;
    }, MAX_USERS_PER_CALL),
  };
}
