// Bots of incoming webhooks, for the integration service: who may manage them, their membership,
// and their messages. Only bots come in here: a stranger in the integration service must not speak
// for people.
import { AppError, type Custom, invalidFields, notFound } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import { GENERAL } from '../access/general-room-store.ts';
import { findRole } from '../access/member-store.ts';
import { may, mayModerate, requirePermission } from '../access/room-permissions.ts';
import { lockRoom } from '../access/room-store.ts';
import { isWithin } from '../access/token-rooms.ts';
import { emptyContent } from '../content-field.ts';
import type { Context } from '../context.ts';
import { change } from '../log/room-change.ts';
import { requirePeople } from '../people/people.ts';
import { enterRoom, leaveRoom } from '../rooms/join-leave.ts';
import { ensureOwner } from '../rooms/owners.ts';
import { sendMessages } from '../sending/send.ts';
import type { SendBody } from '../sending/send-body.ts';

export interface HookRights extends Pick<Caller, 'user_id' | 'role' | 'rooms'> {
  room_id: string;
}

export interface HookMember {
  room_id: string;
  bot_id: string;
}

/**
 * Owners and moderators of the room, and whoever else may moderate it. @returns whether a role in
 * the installation alone allows it, so that it goes on record.
 */
export async function requireHookRights(ctx: Context, asked: HookRights): Promise<{ by_role: boolean }> {
  const { room_id, user_id, role } = asked;
  return await ctx.db.transaction(async (trx) => {
    const room = await lockRoom(trx, room_id);
    if (room === undefined || room.deleted_at !== null || !isWithin(asked, room_id)) throw notFound('Room');
    const membership = await findRole(trx, room_id, user_id);
    if (!mayModerate(room, membership, role)) requirePermission('moderate', room, membership);
    return { by_role: !may('moderate', room.kind, membership, room_id) };
  });
}

/** @throws AppError RESOURCE_NOT_FOUND; AUTHORIZATION_ERROR for a person. */
async function requireBot(ctx: Context, id: string): Promise<void> {
  const bot = (await requirePeople(ctx, [id])).get(id);
  if (bot?.kind !== 'bot') throw new AppError('AUTHORIZATION_ERROR', 'Only bots enter rooms this way');
}

/** Idempotent. @throws AppError RESOURCE_NOT_FOUND when the room is gone. */
export async function admitHookBot(ctx: Context, { room_id, bot_id }: HookMember): Promise<void> {
  await requireBot(ctx, bot_id);
  await change(ctx, room_id, async (c) => {
    const room = await lockRoom(c.trx, room_id);
    if (room === undefined || room.deleted_at !== null) throw notFound('Room');
    await enterRoom(c, room_id, [{ user_id: bot_id, role: 'member' }]);
  });
}

/** Idempotent, also in a room that is gone. */
export async function removeHookBot(ctx: Context, { room_id, bot_id }: HookMember): Promise<void> {
  await requireBot(ctx, bot_id);
  await change(ctx, room_id, async (c) => {
    const room = await lockRoom(c.trx, room_id);
    if (room === undefined || room.deleted_at !== null) return;
    // All accounts stay in that one.
    if (room_id === GENERAL) return;
    if (await leaveRoom(c, room_id, bot_id)) await ensureOwner(c, room, bot_id);
  });
}

export interface HookMessage extends HookMember {
  content: string;
  client_id?: string;
  custom?: Custom;
}

export interface HookMessageSent {
  id: string;
  chat_id: string;
  seq: number;
  repeated: boolean;
}

export async function postHookMessage(
  ctx: Context,
  { room_id, bot_id, content, client_id, custom }: HookMessage,
): Promise<HookMessageSent> {
  if (content === '') throw invalidFields([emptyContent()]);
  await requireBot(ctx, bot_id);
  const body: SendBody = { chat_id: room_id, content, client_id, custom };
  const sender = { user_id: bot_id, role: 'user' as const, origin: '', node: '' };
  const [outcome] = await sendMessages(ctx, [{ sender }], () => body);
  if (outcome === undefined || outcome instanceof AppError) throw outcome ?? notFound('Message');
  const { message_id: id, chat_id, seq, repeated } = outcome;
  return { id, chat_id, seq, repeated };
}
