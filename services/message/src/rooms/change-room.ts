// Changes of a room's own fields, by its staff or by an admin.
import type { Caller } from '@chatapi/kit/auth';
import { requireNotArchived } from '../access/archive.ts';
import { roomToChange } from '../access/room-access.ts';
import { type Membership, may, mayModerate, requirePermission } from '../access/room-permissions.ts';
import { type RoomRow, softDeleteRoom, updateRoom } from '../access/room-store.ts';
import type { Context } from '../context.ts';
import { type ActingCaller, recordAudit } from '../log/audit.ts';
import { eventFrame } from '../log/frames.ts';
import { type Change, change } from '../log/room-change.ts';
import { removeAllMembers } from './join-leave.ts';
import type { Room } from './room.ts';
import { readRoom } from './rooms.ts';

export interface RoomChanges {
  name?: string | null;
  topic?: string | null;
  visibility?: 'public' | 'private';
  slow_mode_seconds?: number;
  archived?: boolean;
}

/** Each field needs its own permission. Of an archived room only that can be changed. */
function requireChangePermissions(room: RoomRow, membership: Membership, { role }: Caller, changes: RoomChanges): void {
  const { slow_mode_seconds, visibility, archived, ...rest } = changes;
  if (visibility !== undefined || Object.keys(rest).length > 0) requirePermission('rename', room, membership);
  if ((visibility ?? room.kind) !== room.kind) requirePermission('set_visibility', room, membership);
  if (archived !== undefined) requirePermission('archive', room, membership);
  if (slow_mode_seconds !== undefined && !mayModerate(room, membership, role))
    requirePermission('moderate', room, membership);
  if (archived === undefined) requireNotArchived(room, role);
}

/** The fields that differ from the room’s. */
function differing(room: RoomRow, changes: RoomChanges): RoomChanges {
  const now: Record<keyof RoomChanges, unknown> = {
    name: room.name,
    topic: room.topic,
    visibility: room.kind,
    slow_mode_seconds: room.slow_mode_seconds,
    archived: room.archived_at !== null,
  };
  return Object.fromEntries(
    Object.entries(changes).filter(([key, value]) => value !== undefined && value !== now[key as keyof RoomChanges]),
  );
}

/** The room must be locked. @returns the fields that changed. */
export async function applyChanges(
  c: Change,
  room: RoomRow,
  actorId: string,
  changes: RoomChanges,
): Promise<RoomChanges> {
  const changed = differing(room, { ...changes, ...(changes.name === '' ? { name: null } : {}) });
  if (Object.keys(changed).length === 0) return changed;
  const { visibility: kind, ...fields } = changed;
  const updated_at = (
    await updateRoom(c.trx, room.id, actorId, { ...fields, ...(kind === undefined ? {} : { kind }) })
  ).toISOString();
  const frame = eventFrame('room_updated', room.id, { ...changed, updated_at });
  await c.append(room.id, [{ sender: actorId, frame }]);
  if (kind !== undefined) await c.recordFact('room.updated', { room_id: room.id, kind, updated_at });
  return changed;
}

export async function changeRoom(ctx: Context, caller: ActingCaller, id: string, changes: RoomChanges): Promise<Room> {
  await change(ctx, id, async (c) => {
    const { room, membership } = await roomToChange(c.trx, id, caller.user_id, 'read');
    requireChangePermissions(room, membership, caller, changes);
    const changed = await applyChanges(c, room, caller.user_id, changes);
    if (Object.keys(changed).length > 0 && !may('moderate', room.kind, membership, id))
      await recordAudit(c, caller, 'room.slow_mode', id, { ...changed });
  });
  return await readRoom(ctx, caller, id);
}

/** The room must be locked. */
export async function closeRoom(c: Change, room: RoomRow): Promise<void> {
  await removeAllMembers(c, room.id, room.last_seq);
  await softDeleteRoom(c.trx, room.id);
  await c.recordFact('room.deleted', { room_id: room.id, deleted_at: new Date().toISOString() });
}

export async function deleteRoom(ctx: Context, caller: Caller, id: string): Promise<void> {
  await change(ctx, id, async (c) => {
    const { room } = await roomToChange(c.trx, id, caller.user_id, 'delete_room');
    await closeRoom(c, room);
  });
  ctx.access.forget(id);
}
