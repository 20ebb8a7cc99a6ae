import { type FactsRunner, tellFact } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit';
import { emptyFile } from './file-store.ts';
import type { Storage } from './storage.ts';
import { thumbnailKey } from './thumbnails.ts';

/** Record first, bytes after: what dies in between leaves bytes without a record, which the sweep removes. */
export async function removeFile(
  o: { db: Knex; storage: Storage; facts: Pick<FactsRunner, 'nudge'> },
  id: string,
): Promise<void> {
  const at = new Date();
  await o.db.transaction(async (trx) => {
    const row = await emptyFile(trx, id, at);
    if (row === undefined) return;
    await tellFact(trx, 'file.deleted', {
      file_id: id,
      user_id: row.uploaded_by,
      bytes: row.size,
      deleted_at: at.toISOString(),
    });
  });
  o.facts.nudge();
  await Promise.all([o.storage.remove(id), o.storage.remove(thumbnailKey(id))]);
}
