// Owns: what other services ask of the log: sends in batches, replay, heads, rights, positions.
import { parse, type Role } from '@chatapi/kit';
import type { Context } from './context.ts';
import { ensureGeneral } from './general.ts';
import { type Replay, readEvents } from './log-store.ts';
import { rightsIn } from './room-store.ts';
import { sendMessages } from './send.ts';
import { sendBody } from './send-body.ts';
import type { Sent } from './sent.ts';
import { headsOfUsers, type RoomHead } from './user-rooms-store.ts';

export interface InternalSend {
  sender_id: string;
  role: Role;
  origin: string;
  request_id: string;
  body: unknown;
}

type SendResult =
  | ({ ok: true } & Omit<Sent, 'message'>)
  | { ok: false; error: { code: string; message: string; details: Record<string, unknown> } };

/** The answer bears the frames: by signal they go to all interested nodes but this one. */
export async function sendForNode(
  ctx: Context,
  node: string,
  sends: InternalSend[],
): Promise<{ results: SendResult[] }> {
  const outcomes = await sendMessages(
    ctx,
    sends.map(({ sender_id, role, origin, body }) => ({ sender: { user_id: sender_id, role, origin, node }, body })),
    // One by one, so that a bad one fails alone.
    ({ body }) => parse(sendBody, body, 'json'),
  );
  const results = outcomes.map((outcome, i): SendResult => {
    if (outcome instanceof Error) {
      const { code, message, details, cause } = outcome;
      if (code === 'INTERNAL_ERROR') ctx.log.error({ err: cause, request_id: sends[i]?.request_id }, 'a send failed');
      return { ok: false, error: { code, message, details } };
    }
    const { message: _, ...sent } = outcome;
    return { ok: true, ...sent };
  });
  return { results };
}

export async function roomsOfUsers(ctx: Context, userIds: string[]): Promise<{ rooms: Record<string, RoomHead[]> }> {
  await ensureGeneral(ctx, userIds);
  return { rooms: await headsOfUsers(ctx.pool, userIds) };
}

export async function rights(
  ctx: Context,
  userId: string,
  roomIds: string[],
): Promise<{ rooms: Record<string, { member: boolean; readable: boolean }> }> {
  const found = new Map(
    (await rightsIn(ctx.db, userId, roomIds)).map(({ id, member, readable }) => [
      id,
      { member: member || id === 'general', readable },
    ]),
  );
  return { rooms: Object.fromEntries(roomIds.map((id) => [id, found.get(id) ?? { member: false, readable: false }])) };
}

export interface Wanted {
  id: string;
  after: number;
  limit: number;
}

type RoomEvents = Replay & { readable: boolean };

/** With `user_id` only what that user may read; without, for a node that feeds several. */
export async function replay(
  ctx: Context,
  userId: string | undefined,
  rooms: Wanted[],
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
