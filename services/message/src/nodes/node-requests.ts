// Requests of realtime nodes: batches of sends, replay, rooms and permissions.
import { parse } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import { ensureGeneral } from '../access/general-room.ts';
import { findRights } from '../access/room-store.ts';
import type { Context } from '../context.ts';
import { type Replay, readEvents } from '../log/log-store.ts';
import type { SendResult } from '../sending/message-row.ts';
import { type ASIDE, sendMessages, sendWithoutHook } from '../sending/send.ts';
import { sendBody } from '../sending/send-body.ts';
import { headsOfUsers, type RoomHead } from './user-rooms-store.ts';

export interface InternalSend {
  sender_id: string;
  role: Role;
  origin: string;
  request_id: string;
  body: unknown;
}

type NodeSendResult =
  | ({ ok: true } & Omit<SendResult, 'message'>)
  | typeof ASIDE
  | { ok: false; error: { code: string; message: string; details: Record<string, unknown> } };

/**
 * The response contains the frames; all other interested nodes get them by signal.
 * @param mayWait for a hook; else what must wait is set aside.
 */
export async function sendForNode(
  ctx: Context,
  node: string,
  sends: InternalSend[],
  mayWait: boolean,
): Promise<{ results: NodeSendResult[] }> {
  const take = mayWait ? sendMessages : sendWithoutHook;
  const outcomes = await take(
    ctx,
    sends.map(({ sender_id, role, origin, body }) => ({ sender: { user_id: sender_id, role, origin, node }, body })),
    // Parsed one by one, so that an invalid send fails alone.
    ({ body }) => parse(sendBody, body, 'json'),
  );
  const results = outcomes.map((outcome, i): NodeSendResult => {
    if (outcome instanceof Error) {
      const { code, message, details, cause } = outcome;
      if (code === 'INTERNAL_ERROR') ctx.log.error({ err: cause, request_id: sends[i]?.request_id }, 'a send failed');
      return { ok: false, error: { code, message, details } };
    }
    if ('aside' in outcome) return outcome;
    const { message: _, ...sent } = outcome;
    return { ok: true, ...sent };
  });
  return { results };
}

export async function roomsOfUsers(ctx: Context, userIds: string[]): Promise<{ rooms: Record<string, RoomHead[]> }> {
  await ensureGeneral(ctx, userIds);
  return { rooms: await headsOfUsers(ctx.pool, userIds) };
}

async function rights(
  ctx: Context,
  userId: string,
  roomIds: string[],
): Promise<{ rooms: Record<string, { member: boolean; readable: boolean }> }> {
  const found = new Map(
    (await findRights(ctx.db, userId, roomIds)).map(({ id, member, readable }) => [
      id,
      { member: member || id === 'general', readable },
    ]),
  );
  return { rooms: Object.fromEntries(roomIds.map((id) => [id, found.get(id) ?? { member: false, readable: false }])) };
}

export interface EventsRequest {
  id: string;
  after: number;
  limit: number;
}

type RoomEvents = Replay & { readable: boolean };

/**
 * With `userId`, only rooms that the user may read. Without, all: the node serves several users.
 */
export async function replay(
  ctx: Context,
  userId: string | undefined,
  rooms: EventsRequest[],
): Promise<{ rooms: RoomEvents[] }> {
  const readable =
    userId === undefined
      ? undefined
      : (
          await rights(
            ctx,
            userId,
            rooms.map(({ id }) => id),
          )
        ).rooms;
  const answers = rooms.map(async ({ id, after, limit }): Promise<RoomEvents> => {
    if (readable !== undefined && readable[id]?.readable !== true)
      return { id, readable: false, first_seq: 0, last_seq: 0, events: [] };
    return { ...(await readEvents(ctx.db, id, after, limit)), readable: true };
  });
  return { rooms: await Promise.all(answers) };
}
