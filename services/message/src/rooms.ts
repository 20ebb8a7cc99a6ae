// Owns: rooms as their readers see them, and how they are made, changed and ended.
import { AppError, type Caller, newId, type Paging, page } from '@chatapi/kit';
import { roomToChange, seenRoom } from './access.ts';
import { type Acting, tellAct } from './acts.ts';
import { change } from './change.ts';
import type { Context } from './context.ts';
import { emptyRoom, enterRoom } from './enter.ts';
import { eventFrame, type Message } from './frames.ts';
import { ensureGeneral } from './general.ts';
import type { NewMember } from './member-store.ts';
import { messagesAt, toMessages } from './message-store.ts';
import { requirePeople } from './people.ts';
import { demand, type Kind, may, moderates, type Standing } from './permissions.ts';
import { buryRoom, insertRoom, publicRooms, type RoomRow, roomsOf, type SeenRoom, updateRoom } from './room-store.ts';

export interface Room {
  id: string;
  chat_id: string;
  kind: Kind;
  name: string | null;
  topic: string | null;
  visibility: 'public' | 'private';
  role: 'owner' | 'moderator' | 'member' | null;
  recipient_id?: string;
  member_count: number;
  slow_mode_seconds: number;
  last_seq: number;
  read_seq: number;
  unread_count: number;
  last_message: Message | null;
  created_at: string;
  updated_at: string;
}

const toRoom = (row: SeenRoom, last_message: Message | null): Room => ({
  id: row.id,
  chat_id: row.id,
  kind: row.kind,
  name: row.name,
  topic: row.topic,
  visibility: row.kind === 'public' ? 'public' : 'private',
  role: row.role,
  ...(row.recipient_id === null ? {} : { recipient_id: row.recipient_id }),
  member_count: row.member_count,
  slow_mode_seconds: row.slow_mode_seconds,
  last_seq: row.last_seq,
  read_seq: row.read_seq,
  unread_count: row.unread_count,
  last_message,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});

async function toRooms(ctx: Context, viewer: string, rows: SeenRoom[]): Promise<Room[]> {
  const places = rows.flatMap(({ id, last_message_seq }) =>
    last_message_seq === null ? [] : [{ room_id: id, seq: last_message_seq }],
  );
  const last = places.length === 0 ? [] : await toMessages(ctx, viewer, await messagesAt(ctx.db, places));
  const byRoom = new Map(last.map((message) => [message.chat_id, message]));
  return rows.map((row) => toRoom(row, byRoom.get(row.id) ?? null));
}

export async function listRooms(
  ctx: Context,
  caller: Caller,
  { limit, skip }: Paging,
): Promise<{ rooms: Room[]; has_more: boolean }> {
  await ensureGeneral(ctx, [caller.user_id]);
  const { rooms, has_more } = page('rooms', await roomsOf(ctx.db, caller.user_id, limit + 1, skip), limit);
  return { rooms: await toRooms(ctx, caller.user_id, rooms), has_more };
}

export async function listPublicRooms(
  ctx: Context,
  caller: Caller,
  query: Paging & { search: string },
): Promise<{ rooms: Room[]; has_more: boolean }> {
  const found = await publicRooms(ctx.db, caller.user_id, query.search, query.limit + 1, query.skip);
  const { rooms, has_more } = page('rooms', found, query.limit);
  return { rooms: await toRooms(ctx, caller.user_id, rooms), has_more };
}

export async function readRoom(ctx: Context, caller: Caller, id: string): Promise<Room> {
  await ensureGeneral(ctx, [caller.user_id]);
  return (await toRooms(ctx, caller.user_id, [await seenRoom(ctx.db, id, caller.user_id)]))[0] as Room;
}

export interface NewRoom {
  chat_id?: string;
  name?: string;
  topic?: string;
  visibility: 'public' | 'private';
  member_ids: string[];
}

/** One `member_joined` per first member, the maker's first. */
export async function createRoom(ctx: Context, caller: Caller, body: NewRoom): Promise<Room> {
  const id = body.chat_id ?? newId('room');
  const others = body.member_ids.filter((user_id) => user_id !== caller.user_id);
  await requirePeople(ctx, others);
  const members: NewMember[] = [
    { user_id: caller.user_id, role: 'owner' },
    ...others.map((user_id) => ({ user_id, role: 'member' as const })),
  ];
  await change(ctx, id, async (c) => {
    if (!(await insertRoom(c.trx, { id, kind: body.visibility, name: body.name ?? null, by: caller.user_id })))
      throw new AppError('CONFLICT', 'A room of this name exists or has existed');
    if (body.topic !== undefined) await updateRoom(c.trx, id, caller.user_id, { topic: body.topic });
    await c.tell('room.created', { room_id: id, kind: body.visibility, created_at: new Date().toISOString() });
    await enterRoom(c, id, members);
  });
  return await readRoom(ctx, caller, id);
}

export interface RoomChanges {
  name?: string | null;
  topic?: string | null;
  visibility?: 'public' | 'private';
  slow_mode_seconds?: number;
}

/** Each field by its own right. */
function demandChanges(room: RoomRow, standing: Standing, { role }: Caller, changes: RoomChanges): void {
  const { slow_mode_seconds, visibility, ...rest } = changes;
  if (visibility !== undefined || Object.keys(rest).length > 0) demand('rename', room, standing);
  if ((visibility ?? room.kind) !== room.kind) demand('set_visibility', room, standing);
  if (slow_mode_seconds !== undefined && !moderates(room, standing, role)) demand('moderate', room, standing);
}

export async function changeRoom(ctx: Context, caller: Acting, id: string, changes: RoomChanges): Promise<Room> {
  await change(ctx, id, async (c) => {
    const { room, standing } = await roomToChange(c.trx, id, caller.user_id, 'read');
    demandChanges(room, standing, caller, changes);
    const wanted = changes;
    const before = {
      name: room.name,
      topic: room.topic,
      visibility: room.kind,
      slow_mode_seconds: room.slow_mode_seconds,
    };
    const changed = Object.fromEntries(
      Object.entries(wanted).filter(
        ([key, value]) => value !== undefined && value !== before[key as keyof typeof before],
      ),
    );
    if (Object.keys(changed).length === 0) return;
    const { visibility: kind, ...fields } = changed as RoomChanges;
    const updated_at = (
      await updateRoom(c.trx, id, caller.user_id, { ...fields, ...(kind === undefined ? {} : { kind }) })
    ).toISOString();
    await c.append(id, [{ sender: caller.user_id, frame: eventFrame('room_updated', id, { ...changed, updated_at }) }]);
    if (kind !== undefined) await c.tell('room.updated', { room_id: id, kind, updated_at });
    if (!may('moderate', room.kind, standing, id)) await tellAct(c, caller, 'room.slow_mode', id, { ...fields });
  });
  return await readRoom(ctx, caller, id);
}

export async function deleteRoom(ctx: Context, caller: Caller, id: string): Promise<void> {
  await change(ctx, id, async (c) => {
    const { room } = await roomToChange(c.trx, id, caller.user_id, 'delete_room');
    await emptyRoom(c, id, room.last_seq);
    await buryRoom(c.trx, id);
    await c.tell('room.deleted', { room_id: id, deleted_at: new Date().toISOString() });
  });
  ctx.access.forget(id);
}
