import type { Knex } from '@chatapi/kit/data';
import { framesOfMessage } from './log-store.ts';

/**
 * Removes a deleted message's text and `custom` from its frames. They keep their seqs, with `type`
 * first.
 */
export async function redactStoredFrames(
  trx: Knex,
  message: { id: string; room_id: string; seq: number },
): Promise<void> {
  for (const { seq, frame } of await framesOfMessage(trx, message)) {
    const { custom: _, ...kept } = JSON.parse(frame) as { custom?: unknown };
    const scrubbed = { ...kept, content: '', attachments: [], mentions: [], is_deleted: true };
    await trx.raw('update room_events set frame = ? where room_id = ? and seq = ?', [
      JSON.stringify(scrubbed),
      message.room_id,
      seq,
    ]);
  }
}
