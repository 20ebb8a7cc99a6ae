import type { Knex } from '@chatapi/kit/data';
import { framesOfMessage } from './log-store.ts';
import { withoutText } from './removed-text.ts';

/** Removes a deleted message's text from its frames. They keep their seqs, with `type` first. */
export async function redactStoredFrames(
  trx: Knex,
  message: { id: string; room_id: string; seq: number },
): Promise<void> {
  for (const { seq, frame } of await framesOfMessage(trx, message)) {
    await trx.raw('update room_events set frame = ? where room_id = ? and seq = ?', [
      JSON.stringify(withoutText(JSON.parse(frame) as object)),
      message.room_id,
      seq,
    ]);
  }
}
