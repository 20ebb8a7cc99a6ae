// Owns: who is in a room and as what: join, leave, add, remove, roles, and whose it is when its last owner goes.
import { AppError, type Caller, notFound, type Paging, page } from '@chatapi/kit';
import { readableRoom, roomToChange } from './access.ts';
import { type Change, change } from './change.ts';
import type { Context } from './context.ts';
import { enterRoom, leaveRoom } from './enter.ts';
import { eventFrame } from './frames.ts';
import { ensureGeneral } from './general.ts';
import { GENERAL } from './general-store.ts';
import {
  countOwners,
  findHeir,
  findMember,
  findRole,
  listMembers,
  type MemberRole,
  type MemberRow,
  setRole,
} from './member-store.ts';
import { peopleById, requirePeople } from './people.ts';
import { demand } from './permissions.ts';

export interface Member {
  user_id: string;
  username: string;
  display_name: string;
  role: MemberRole;
  joined_at: string;
  read_seq: number;
  /** null: not muted. */
  muted_until: string | null;
}

async function toMembers(ctx: Context, rows: MemberRow[]): Promise<Member[]> {
  const people = await peopleById(
    ctx,
    rows.map(({ user_id }) => user_id),
  );
  return rows.map(({ user_id, role, joined_at, read_seq, muted_until }) => {
    const { username = '', display_name = '' } = people.get(user_id) ?? {};
    return {
      user_id,
      username,
      display_name,
      role,
      joined_at: joined_at.toISOString(),
      read_seq,
      muted_until: muted_until?.toISOString() ?? null,
    };
  });
}

export async function membersOf(
  ctx: Context,
  caller: Caller,
  roomId: string,
  { limit, skip }: Paging,
): Promise<{ members: Member[]; has_more: boolean }> {
  await ensureGeneral(ctx, [caller.user_id]);
  await readableRoom(ctx.reads, roomId, caller.user_id);
  const { members, has_more } = page('members', await listMembers(ctx.db, roomId, limit + 1, skip), limit);
  return { members: await toMembers(ctx, members), has_more };
}

export async function memberView(ctx: Context, roomId: string, userId: string): Promise<Member> {
  const row = await findMember(ctx.db, roomId, userId);
  if (row === undefined) throw notFound('Member');
  return (await toMembers(ctx, [row]))[0] as Member;
}

/** `general`: everyone is in already. */
export async function joinRoom(ctx: Context, caller: Caller, roomId: string): Promise<void> {
  await ensureGeneral(ctx, [caller.user_id]);
  await change(ctx, roomId, async (c) => {
    await roomToChange(c.trx, roomId, caller.user_id, 'join');
    await enterRoom(c, roomId, [{ user_id: caller.user_id, role: 'member' }]);
  });
}

async function assign(c: Change, roomId: string, actorId: string, userId: string, role: MemberRole): Promise<void> {
  await setRole(c.trx, roomId, userId, role);
  await c.append(roomId, [
    { sender: actorId, frame: eventFrame('room_updated', roomId, { member: { user_id: userId, role } }) },
  ]);
}

/** A room without an owner gets one: its oldest moderator, else its oldest member. */
export async function handOver(c: Change, roomId: string, actorId: string): Promise<void> {
  if ((await countOwners(c.trx, roomId)) > 0) return;
  const heir = await findHeir(c.trx, roomId);
  if (heir !== undefined) await assign(c, roomId, actorId, heir, 'owner');
}

/** Who is not in has left already. */
export async function leave(ctx: Context, caller: Caller, roomId: string): Promise<void> {
  await change(ctx, roomId, async (c) => {
    const { standing, room } = await roomToChange(c.trx, roomId, caller.user_id, 'read');
    if (standing === 'stranger' && roomId !== GENERAL) return;
    demand('leave', room, standing);
    await leaveRoom(c, roomId, caller.user_id);
    await handOver(c, roomId, caller.user_id);
  });
  ctx.access.forget(roomId);
}

export async function addMember(ctx: Context, caller: Caller, roomId: string, userId: string): Promise<Member> {
  await readableRoom(ctx.reads, roomId, caller.user_id);
  await requirePeople(ctx, [userId]);
  await change(ctx, roomId, async (c) => {
    await roomToChange(c.trx, roomId, caller.user_id, 'add_member');
    await enterRoom(c, roomId, [{ user_id: userId, role: 'member' }]);
  });
  return await memberView(ctx, roomId, userId);
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
      throw new AppError('CONFLICT', 'A room needs an owner: make another one first');
    await assign(c, roomId, caller.user_id, userId, role);
  });
  return await memberView(ctx, roomId, userId);
}

export async function removeMember(ctx: Context, caller: Caller, roomId: string, userId: string): Promise<void> {
  if (userId === caller.user_id) return await leave(ctx, caller, roomId);
  await change(ctx, roomId, async (c) => {
    const { room, standing } = await roomToChange(c.trx, roomId, caller.user_id, 'remove_member');
    const theirs = await findRole(c.trx, roomId, userId);
    if (theirs === 'owner' || theirs === 'moderator') demand('remove_staff', room, standing);
    await leaveRoom(c, roomId, userId);
    await handOver(c, roomId, caller.user_id);
  });
  ctx.access.forget(roomId);
}
