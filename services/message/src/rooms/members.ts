import {
  AppError,
  anyText,
  count,
  notFound,
  oneOf,
  type PageInfo,
  type Paging,
  page,
  time,
  wireObject,
} from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import Joi from 'joi';
import { requireNotArchived } from '../access/archive.ts';
import { ensureGeneral } from '../access/general-room.ts';
import { GENERAL } from '../access/general-room-store.ts';
import {
  countOwners,
  findMember,
  findRole,
  listMembers,
  type MemberKey,
  type MemberRow,
} from '../access/member-store.ts';
import { requireMayMove } from '../access/mute-check.ts';
import { readableRoom, roomToChange } from '../access/room-access.ts';
import { requirePermission } from '../access/room-permissions.ts';
import type { Context } from '../context.ts';
import type { MemberRole } from '../log/frames.ts';
import { change } from '../log/room-change.ts';
import { peopleById, requirePeople } from '../people/people.ts';
import { type ShownUsers, usersShown } from '../people/shown-users.ts';
import { leaveRoom } from './join-leave.ts';
import { admit, assignRole, ensureOwner } from './owners.ts';

export interface Member {
  user_id: string;
  username: string;
  display_name: string;
  kind: 'user' | 'bot';
  role: MemberRole;
  joined_at: string;
  read_seq: number;
  /** null: not muted. */
  muted_until: string | null;
}

export const memberSchema = wireObject<Member>('Member', {
  user_id: Joi.string(),
  username: anyText(),
  display_name: anyText(),
  kind: oneOf('user', 'bot'),
  role: oneOf('owner', 'moderator', 'member'),
  joined_at: time(),
  read_seq: count(),
  muted_until: time().allow(null).description('null: not muted; the year 9999: until unmuted'),
});

export async function toMembers(ctx: Context, rows: MemberRow[]): Promise<Member[]> {
  const people = await peopleById(
    ctx,
    rows.map(({ user_id }) => user_id),
  );
  return rows.map(({ user_id, role, joined_at, read_seq, muted_until }) => {
    const { username = '', display_name = '', kind = 'user' } = people.get(user_id) ?? {};
    return {
      user_id,
      username,
      display_name,
      kind,
      role,
      joined_at: joined_at.toISOString(),
      read_seq,
      muted_until: muted_until?.toISOString() ?? null,
    };
  });
}

export async function listMembersOf(
  ctx: Context,
  caller: Caller,
  roomId: string,
  query: Paging<MemberKey>,
): Promise<{ members: Member[]; users: ShownUsers } & PageInfo> {
  await ensureGeneral(ctx, [caller.user_id]);
  await readableRoom(ctx.reads, roomId, caller.user_id);
  const found = await listMembers(ctx.db, roomId, { ...query, limit: query.limit + 1 });
  const { members, ...info } = page('members', found, query.limit, ({ joined_us, user_id }) => [joined_us, user_id]);
  const shown = await toMembers(ctx, members);
  const ids = shown.map(({ user_id }) => user_id);
  return { members: shown, users: await usersShown(ctx, ids), ...info };
}

export async function readMember(ctx: Context, roomId: string, userId: string): Promise<Member> {
  const row = await findMember(ctx.db, roomId, userId);
  if (row === undefined) throw notFound('Member');
  return (await toMembers(ctx, [row]))[0] as Member;
}

export async function joinRoom(ctx: Context, caller: Caller, roomId: string): Promise<void> {
  await ensureGeneral(ctx, [caller.user_id]);
  await change(ctx, roomId, async (c) => {
    const { room, membership } = await roomToChange(c.trx, roomId, caller.user_id, 'join');
    requireNotArchived(room, caller.role);
    if (membership === 'stranger') await requireMayMove(c.trx, roomId, caller.user_id);
    await admit(c, room, [caller.user_id]);
  });
}

/** Idempotent: a non-member who may read the room has left already. */
export async function leave(ctx: Context, caller: Caller, roomId: string): Promise<void> {
  await change(ctx, roomId, async (c) => {
    const { membership, room } = await roomToChange(c.trx, roomId, caller.user_id, 'read');
    if (membership === 'stranger' && roomId !== GENERAL) return;
    requirePermission('leave', room, membership);
    await requireMayMove(c.trx, roomId, caller.user_id);
    await leaveRoom(c, roomId, caller.user_id);
    await ensureOwner(c, room, caller.user_id);
  });
  ctx.access.forget(roomId);
}

export async function addMember(ctx: Context, caller: Caller, roomId: string, userId: string): Promise<Member> {
  await readableRoom(ctx.reads, roomId, caller.user_id);
  await requirePeople(ctx, [userId]);
  await change(ctx, roomId, async (c) => {
    const { room } = await roomToChange(c.trx, roomId, caller.user_id, 'add_member');
    requireNotArchived(room, caller.role);
    // First the caller: who adds people to a room without an owner becomes its owner.
    await admit(c, room, [caller.user_id, userId]);
  });
  return await readMember(ctx, roomId, userId);
}

export async function changeRole(
  ctx: Context,
  caller: Caller,
  roomId: string,
  userId: string,
  role: MemberRole,
): Promise<Member> {
  await change(ctx, roomId, async (c) => {
    await roomToChange(c.trx, roomId, caller.user_id, 'set_role');
    const now = await findRole(c.trx, roomId, userId);
    if (now === 'stranger') throw notFound('Member');
    if (now === role) return;
    if (now === 'owner' && (await countOwners(c.trx, roomId)) === 1)
      throw new AppError('CONFLICT', 'A room needs an owner: make another member owner first');
    await assignRole(c, roomId, caller.user_id, userId, role);
  });
  return await readMember(ctx, roomId, userId);
}

export async function removeMember(ctx: Context, caller: Caller, roomId: string, userId: string): Promise<void> {
  if (userId === caller.user_id) return await leave(ctx, caller, roomId);
  await change(ctx, roomId, async (c) => {
    const { room, membership } = await roomToChange(c.trx, roomId, caller.user_id, 'remove_member');
    const theirs = await findRole(c.trx, roomId, userId);
    if (theirs === 'owner' || theirs === 'moderator') requirePermission('remove_staff', room, membership);
    await leaveRoom(c, roomId, userId);
    await ensureOwner(c, room, caller.user_id);
  });
  ctx.access.forget(roomId);
}
