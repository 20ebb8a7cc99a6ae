// Saves positions. Senders are notified when the status of a message changes, and users on all
// their connections when they have read further.
import { type PacketRecord, userTopic } from '@chatapi/bus';
import type { Context } from '../context.ts';
import { type Notices, notice } from '../log/frames.ts';
import { moveDeliveries, moveReads, type StatusChange } from './move-positions-store.ts';
import type { ReadState } from './unread-store.ts';

export interface Position {
  room_id: string;
  user_id: string;
  delivered_seq?: number;
  read_seq?: number;
  /** The connection that read; unset: by REST, or several of the user's. */
  origin?: string;
}

function statusNotices(risen: StatusChange[], status: Notices['message_status']['status']): PacketRecord[] {
  return risen.map(({ id, room_id, sender_id }) => {
    const frame = notice('message_status', room_id, { message_id: id, status });
    return { kind: 'notice', topic: userTopic(sender_id), room: '', seq: 0, sender: '', origin: '', frame };
  });
}

/** To the user's other connections: on all devices the same is unread. */
function readNotices(moved: ReadState[], origins: Map<string, string>): PacketRecord[] {
  return moved.map(({ room_id, user_id, read_seq, unread_count, last_seq }) => {
    const frame = notice('read', room_id, { read_seq, unread_count, last_seq });
    const origin = origins.get(`${room_id} ${user_id}`) ?? '';
    return { kind: 'notice', topic: userTopic(user_id), room: '', seq: 0, sender: user_id, origin, frame };
  });
}

type Merged = Required<Omit<Position, 'origin'>> & { origin: string };

/** Merges several positions of one user in one room. */
function mergePositions(positions: Position[]): Merged[] {
  const byKey = new Map<string, Merged>();
  for (const { room_id, user_id, delivered_seq = 0, read_seq = 0, origin = '' } of positions) {
    const key = `${room_id} ${user_id}`;
    const known = byKey.get(key);
    byKey.set(key, {
      room_id,
      user_id,
      delivered_seq: Math.max(known?.delivered_seq ?? 0, delivered_seq),
      read_seq: Math.max(known?.read_seq ?? 0, read_seq),
      origin: (known?.read_seq ?? 0) === 0 ? origin : '',
    });
  }
  return [...byKey.values()];
}

async function saveReads(ctx: Context, reads: Merged[], origins: Map<string, string>): Promise<PacketRecord[]> {
  const { risen, moved } = await moveReads(ctx.pool, reads);
  return [...statusNotices(risen, 'read'), ...readNotices(moved, origins)];
}

/** Moves positions forward. Read positions of non-members are ignored. */
export async function savePositions(ctx: Context, given: Position[]): Promise<void> {
  const positions = mergePositions(given);
  const reads = positions.filter(({ read_seq }) => read_seq > 0);
  const deliveries = positions.filter(({ delivered_seq }) => delivered_seq > 0);
  // One at a time per instance: overlapping calls would notify the same change twice. Reads first,
  // so that a message that is read is not notified as delivered.
  const origins = new Map(reads.map(({ room_id, user_id, origin }) => [`${room_id} ${user_id}`, origin]));
  const notices = await ctx.mutex('positions', async () => [
    ...(reads.length === 0 ? [] : await saveReads(ctx, reads, origins)),
    ...(deliveries.length === 0 ? [] : statusNotices(await moveDeliveries(ctx.pool, deliveries), 'delivered')),
  ]);
  if (notices.length > 0) ctx.publisher.push(null, notices);
}
