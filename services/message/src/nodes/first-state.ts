// The first screen of an app by its socket: a page of rooms, each as of its `last_seq`, with those
// whom they name. The node adds presence and sends the text as it is.
import { oneOf, page, time, wireObject } from '@chatapi/kit';
import { RawBody } from '@chatapi/kit/rpc';
import Joi from 'joi';
import { ensureGeneral } from '../access/general-room.ts';
import type { Context } from '../context.ts';
import { inSnapshot } from '../messages/snapshot.ts';
import { type ShownUsers, shownUsers } from '../people/shown-users.ts';
import { type Room, roomSchema } from '../rooms/room.ts';
import type { RoomKey } from '../rooms/room-cursor.ts';
import { roomsOf } from '../rooms/room-overview-store.ts';
import { keyOf, toRooms, withUsers } from '../rooms/rooms.ts';
import { peersIn } from './user-rooms-store.ts';

interface Presence {
  status: 'online' | 'offline';
  last_seen: string | null;
}

interface StateFrame {
  type: 'state';
  rooms: Room[];
  users: ShownUsers;
  presence: Record<string, Presence>;
  next_cursor: string | null;
  timestamp: string;
}

export const stateFrame = {
  summary: 'Rooms as of their `last_seq`; events with a higher seq follow on this connection',
  schema: wireObject<StateFrame>('StateFrame', {
    type: oneOf('state'),
    rooms: Joi.array().items(roomSchema).description('latest activity first, as in GET /rooms'),
    users: shownUsers(),
    presence: Joi.object<Record<string, Presence>>()
      .pattern(
        Joi.string(),
        wireObject<Presence>('Presence', { status: oneOf('online', 'offline'), last_seen: time().allow(null) }),
      )
      .description('by id: others in direct rooms and rooms of at most 100 members, at most 1,000'),
    next_cursor: Joi.string().allow(null).description('`cursor` of the next page; null: this is the last one'),
    timestamp: time(),
  }),
};

export interface StateRequest {
  user_id: string;
  /** Limits a bot's token. */
  rooms?: string[];
  limit: number;
  cursor?: RoomKey;
}

interface StateHead {
  /** Room ids with the seq that each is as of. */
  heads: [string, number][];
  /** Whose presence the user sees, of direct and small rooms of the page. */
  peers: string[];
}

export async function firstState(
  ctx: Context,
  { user_id, rooms: allowed, limit, cursor }: StateRequest,
): Promise<RawBody<StateHead>> {
  await ensureGeneral(ctx, [user_id]);
  const { peers, ...list } = await inSnapshot(ctx.db, async (db) => {
    const found = await roomsOf(db, user_id, { archived: false, limit: limit + 1, skip: 0, cursor }, allowed);
    const { rooms: rows, ...info } = page('rooms', found, limit, keyOf);
    const ids = rows.map(({ id }) => id);
    return { rooms: await toRooms(ctx, db, user_id, rows), peers: await peersIn(db, user_id, ids), ...info };
  });
  const { rooms, users, next_cursor } = await withUsers(ctx, list);
  return new RawBody(
    { heads: rooms.map(({ id, last_seq }) => [id, last_seq]), peers },
    JSON.stringify({ rooms, users, next_cursor }),
  );
}
