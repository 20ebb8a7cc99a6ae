// Saves positions and notifies senders when the status of a message changes.
import { type PacketRecord, userTopic } from '@chatapi/bus';
import type { Context } from '../context.ts';
import { type Notices, notice } from '../log/frames.ts';
import { moveDeliveries, moveReads, type StatusChange } from './position-store.ts';

export interface Position {
  room_id: string;
  user_id: string;
  delivered_seq?: number;
  read_seq?: number;
}

function statusNotices(risen: StatusChange[], status: Notices['message_status']['status']): PacketRecord[] {
  return risen.map(({ id, room_id, sender_id }) => {
    const frame = notice('message_status', room_id, { message_id: id, status });
    return { kind: 'notice', topic: userTopic(sender_id), room: '', seq: 0, sender: '', origin: '', frame };
  });
}

/** Merges several positions of one user in one room. */
function mergePositions(positions: Position[]): Required<Position>[] {
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

/** Moves positions forward. Read positions of non-members are ignored. */
export async function savePositions(ctx: Context, given: Position[]): Promise<void> {
  const positions = mergePositions(given);
  const reads = positions.filter(({ read_seq }) => read_seq > 0);
  const deliveries = positions.filter(({ delivered_seq }) => delivered_seq > 0);
  // One at a time per instance: overlapping calls would notify the same change twice. Reads first,
  // so that a message that is read is not notified as delivered.
  const notices = await ctx.mutex('positions', async () => [
    ...(reads.length === 0 ? [] : statusNotices(await moveReads(ctx.pool, reads), 'read')),
    ...(deliveries.length === 0 ? [] : statusNotices(await moveDeliveries(ctx.pool, deliveries), 'delivered')),
  ]);
  if (notices.length > 0) ctx.publisher.push(null, notices);
}
