import type { Caller } from '@chatapi/kit/auth';
import { ensureGeneral } from '../access/general-room.ts';
import { readableRoom } from '../access/room-access.ts';
import type { Context } from '../context.ts';
import { savePositions } from '../positions/save-positions.ts';

export async function markRead(ctx: Context, caller: Caller, roomId: string, seq: number): Promise<void> {
  await ensureGeneral(ctx, [caller.user_id]);
  await readableRoom(ctx.reads, roomId, caller.user_id);
  await savePositions(ctx, [{ room_id: roomId, user_id: caller.user_id, read_seq: seq }]);
}
