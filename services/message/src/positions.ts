// Owns: who has received and read how far, and the word to senders when a message's status rises.
import { type PacketRecord, userTopic } from '@chatapi/bus';
import type { Caller } from '@chatapi/kit';
import { readableRoom } from './access.ts';
import type { Context } from './context.ts';
import type { Message } from './frames.ts';
import { ensureGeneral } from './general.ts';
import { moveDeliveries, moveReads, type Risen } from './position-store.ts';

export interface Position {
  room_id: string;
  user_id: string;
  delivered_seq?: number;
  read_seq?: number;
}

function statusNotices(risen: Risen[], status: Message['status']): PacketRecord[] {
  const timestamp = new Date().toISOString();
  return risen.map(({ id, room_id, sender_id }) => {
    const frame = JSON.stringify({ type: 'message_status', message_id: id, chat_id: room_id, status, timestamp });
    return { kind: 'notice', topic: userTopic(sender_id), room: '', seq: 0, sender: '', origin: '', frame };
  });
}

/** Joins what is said several times of one user in one room. */
function furthestOf(positions: Position[]): Required<Position>[] {
  const byKey = new Map<string, Required<Position>>();
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

/** Moves forward what is behind; who reads without being a member is passed over. */
export async function savePositions(ctx: Context, given: Position[]): Promise<void> {
  const positions = furthestOf(given);
  const reads = positions.filter(({ read_seq }) => read_seq > 0);
  const deliveries = positions.filter(({ delivered_seq }) => delivered_seq > 0);
  // One after the other on this instance: two that overlap would tell the same rise twice. Reads first: what is read is told as that.
  const notices = await ctx.inTurn('positions', async () => [
    ...(reads.length === 0 ? [] : statusNotices(await moveReads(ctx.pool, reads), 'read')),
    ...(deliveries.length === 0 ? [] : statusNotices(await moveDeliveries(ctx.pool, deliveries), 'delivered')),
  ]);
  if (notices.length > 0) ctx.publisher.push(null, notices);
}

export async function markRead(ctx: Context, caller: Caller, roomId: string, seq: number): Promise<void> {
  await ensureGeneral(ctx, [caller.user_id]);
  await readableRoom(ctx.reads, roomId, caller.user_id);
  await savePositions(ctx, [{ room_id: roomId, user_id: caller.user_id, read_seq: seq }]);
}
