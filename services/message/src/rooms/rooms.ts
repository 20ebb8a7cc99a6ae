import { AppError, newId, type PageInfo, page } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import { ensureGeneral } from '../access/general-room.ts';
import type { NewMember } from '../access/member-store.ts';
import { requireRoom } from '../access/room-access.ts';
import { insertRoom, updateRoom } from '../access/room-store.ts';
import { requireTokenRoom } from '../access/token-rooms.ts';
import type { Context } from '../context.ts';
import { change } from '../log/room-change.ts';
import { messagesAt, toMessages } from '../messages/message-store.ts';
import { inSnapshot } from '../messages/snapshot.ts';
import { requirePeople } from '../people/people.ts';
import { namedIn, type ShownUsers, usersShown } from '../people/shown-users.ts';
import { enterRoom } from './join-leave.ts';
import { type Room, toRoom } from './room.ts';
import type { RoomKey } from './room-cursor.ts';
import { findRoom, publicRooms, type RoomOverview, type RoomPage, roomsOf } from './room-overview-store.ts';

/** @param db the snapshot of the rows: `last_message` is as the events up to `last_seq` made it. */
export async function toRooms(ctx: Context, db: Knex, viewer: string, rows: RoomOverview[]): Promise<Room[]> {
  const places = rows.flatMap(({ id, last_message_seq }) =>
    last_message_seq === null ? [] : [{ room_id: id, seq: last_message_seq }],
  );
  const last = places.length === 0 ? [] : await toMessages(ctx, viewer, await messagesAt(db, places, viewer));
  const byRoom = new Map(last.map((message) => [message.chat_id, message]));
  return rows.map((row) => toRoom(row, byRoom.get(row.id) ?? null));
}

export type RoomList = { rooms: Room[]; users: ShownUsers } & PageInfo;

const namedInRoom = ({ last_message, recipient_id }: Room): string[] => [
  ...(last_message === null ? [] : namedIn(last_message)),
  ...(recipient_id === undefined ? [] : [recipient_id]),
];

/** A page of rooms with those whom they name. */
export async function withUsers<P extends { rooms: Room[] }>(
  ctx: Context,
  page: P,
): Promise<P & { users: ShownUsers }> {
  return { ...page, users: await usersShown(ctx, page.rooms.flatMap(namedInRoom)) };
}

export const keyOf = ({ active_us, id }: RoomOverview): RoomKey => [active_us, id];

export async function listRooms(ctx: Context, caller: Caller, query: RoomPage): Promise<RoomList> {
  await ensureGeneral(ctx, [caller.user_id]);
  const list = await inSnapshot(ctx.db, async (db) => {
    const found = await roomsOf(db, caller.user_id, { ...query, limit: query.limit + 1 }, caller.rooms);
    const { rooms, ...info } = page('rooms', found, query.limit, keyOf);
    return { rooms: await toRooms(ctx, db, caller.user_id, rooms), ...info };
  });
  return await withUsers(ctx, list);
}

export async function listPublicRooms(
  ctx: Context,
  caller: Caller,
  { search, ...query }: RoomPage & { search: string },
): Promise<RoomList> {
  const list = await inSnapshot(ctx.db, async (db) => {
    const found = await publicRooms(db, caller.user_id, search, { ...query, limit: query.limit + 1 }, caller.rooms);
    const { rooms, ...info } = page('rooms', found, query.limit, keyOf);
    return { rooms: await toRooms(ctx, db, caller.user_id, rooms), ...info };
  });
  return await withUsers(ctx, list);
}

export async function readRoom(ctx: Context, caller: Caller, id: string): Promise<Room> {
  await ensureGeneral(ctx, [caller.user_id]);
  const [room] = await inSnapshot(ctx.db, async (db) =>
    toRooms(ctx, db, caller.user_id, [requireRoom(await findRoom(db, id, caller.user_id))]),
  );
  return room as Room;
}

export interface NewRoom {
  chat_id?: string;
  name?: string;
  topic?: string;
  visibility: 'public' | 'private';
  member_ids: string[];
}

/** Appends one `member_joined` per initial member, the creator's first. */
export async function createRoom(ctx: Context, caller: Caller, body: NewRoom): Promise<Room> {
  requireTokenRoom(caller, body);
  const id = body.chat_id ?? newId('room');
  const others = body.member_ids.filter((user_id) => user_id !== caller.user_id);
  await requirePeople(ctx, others);
  const members: NewMember[] = [
    { user_id: caller.user_id, role: 'owner' },
    ...others.map((user_id) => ({ user_id, role: 'member' as const })),
  ];
  await change(ctx, id, async (c) => {
    if (!(await insertRoom(c.trx, { id, kind: body.visibility, name: body.name || null, by: caller.user_id })))
      throw new AppError('CONFLICT', 'A room with this id exists or has existed');
    if (body.topic !== undefined) await updateRoom(c.trx, id, caller.user_id, { topic: body.topic });
    await c.recordFact('room.created', { room_id: id, kind: body.visibility, created_at: new Date().toISOString() });
    await enterRoom(c, id, members);
  });
  return await readRoom(ctx, caller, id);
}
