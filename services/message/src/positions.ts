// Owns: who has received and read how far, and the word to senders when a message's status rises.
// Limit: of a jump only the newest STATUS_LIMIT messages are told one by one; history shows the others' status all the same.
import { type PacketRecord, userTopic } from '@chatapi/bus';
import type { Caller, Pool } from '@chatapi/kit';
import { readableRoom } from './access.ts';
import type { Context } from './context.ts';
import type { Message } from './frames.ts';
import { ensureGeneral } from './general.ts';
import { type Furthest, messagesBetween, moveDeliveries, moveReads, type Placed } from './position-store.ts';
import { type Positions, positionsOf, statusOf } from './status-store.ts';

const STATUS_LIMIT = 50;

export interface Position {
  room_id: string;
  user_id: string;
  delivered_seq?: number;
  read_seq?: number;
}

const STEP = { sent: 0, delivered: 1, read: 2 } as const;

function statusNotice({ id, room_id, sender_id }: Placed, status: Message['status'], timestamp: string): PacketRecord {
  const frame = JSON.stringify({ type: 'message_status', message_id: id, chat_id: room_id, status, timestamp });
  return { kind: 'notice', topic: userTopic(sender_id), room: '', seq: 0, sender: '', origin: '', frame };
}

/**
 * Where a status can have risen, for each kind of position: behind what all but the furthest had before, up to the furthest
 * now. Each has its own newest messages: who reads far behind what was delivered is told of all the same.
 */
function spans(before: Positions, after: Positions): { room_id: string; first: number; last: number }[] {
  return [...after].flatMap(([room_id, now]) => {
    const was = before.get(room_id) ?? [];
    return (['read_seq', 'delivered_seq'] as const)
      .map((key) => ({
        room_id,
        first: was.map((f) => f[key]).sort((x, y) => y - x)[1] ?? 0,
        last: Math.max(...now.map((f) => f[key])),
      }))
      .filter(({ first, last }) => last > first);
  });
}

export function risenStatuses(
  messages: Placed[],
  before: Positions,
  after: Positions,
  timestamp: string,
): PacketRecord[] {
  return messages.flatMap((message) => {
    const { room_id, sender_id, seq } = message;
    const was = statusOf(before.get(room_id) ?? [], sender_id, seq);
    const is = statusOf(after.get(room_id) ?? [], sender_id, seq);
    return STEP[is] > STEP[was] ? [statusNotice(message, is, timestamp)] : [];
  });
}

/** Whatever of these is furthest: what was known before, and what has moved. */
const joined = (before: Positions, moved: Furthest[]): Positions =>
  Map.groupBy([...[...before.values()].flat(), ...moved], ({ room_id }) => room_id);

async function movedNotices(pool: Pool, before: Positions, moved: Furthest[]): Promise<PacketRecord[]> {
  const after = joined(before, moved);
  const found = await messagesBetween(pool, spans(before, after), STATUS_LIMIT);
  const once = [...new Map(found.map((message) => [message.id, message])).values()];
  return risenStatuses(once, before, after, new Date().toISOString());
}

/** Joins what is said several times of one user in one room. */
function furthestOf(positions: Position[]): Furthest[] {
  const byKey = new Map<string, Furthest>();
  for (const { room_id, user_id, delivered_seq = 0, read_seq = 0 } of positions) {
    const key = `${room_id} ${user_id}`;
    const known = byKey.get(key);
    byKey.set(key, {
      room_id,
      user_id,
      delivered_seq: Math.max(known?.delivered_seq ?? 0, delivered_seq),
      read_seq: Math.max(known?.read_seq ?? 0, read_seq),
    });
  }
  return [...byKey.values()];
}

async function move(pool: Pool, positions: Furthest[]): Promise<Furthest[]> {
  const reads = positions.filter(({ read_seq }) => read_seq > 0);
  const deliveries = positions.filter(({ delivered_seq }) => delivered_seq > 0);
  const moved = reads.length === 0 ? [] : await moveReads(pool, reads);
  if (deliveries.length > 0) await moveDeliveries(pool, deliveries);
  return [
    ...moved.map((read) => ({ ...read, delivered_seq: 0 })),
    ...deliveries.map((delivery) => ({ ...delivery, read_seq: 0 })),
  ];
}

/** Moves forward what is behind; who reads without being a member is passed over. */
export async function savePositions(ctx: Context, given: Position[]): Promise<void> {
  const positions = furthestOf(given);
  if (positions.length === 0) return;
  const roomIds = [...new Set(positions.map(({ room_id }) => room_id))];
  // One after the other on this instance: two that overlap would tell the same rise twice.
  const notices = await ctx.inTurn('positions', async () => {
    const before = await positionsOf(ctx.pool, roomIds);
    return await movedNotices(ctx.pool, before, await move(ctx.pool, positions));
  });
  if (notices.length > 0) ctx.publisher.push(null, notices);
}

export async function markRead(ctx: Context, caller: Caller, roomId: string, seq: number): Promise<void> {
  await ensureGeneral(ctx, [caller.user_id]);
  await readableRoom(ctx.reads, roomId, caller.user_id);
  await savePositions(ctx, [{ room_id: roomId, user_id: caller.user_id, read_seq: seq }]);
}
