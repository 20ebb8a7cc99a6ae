import { type FactsRunner, recordFact } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit/data';
import { type FileRow, softDeleteFile } from './file-store.ts';
import { thumbnailKey } from './jobs/thumbnails.ts';
import type { Storage } from './storage/storage.ts';

/**
 * Deletes the record first, then the bytes. If the process dies in between, the sweep removes the
 * bytes.
 * @param also more work in the transaction.
 * @returns whether there was a live file.
 */
export async function removeFile(
  o: { db: Knex; storage: Storage; facts: Pick<FactsRunner, 'nudge'> },
  id: string,
  also: (trx: Knex, row: FileRow) => Promise<void> = async () => undefined,
): Promise<boolean> {
  const at = new Date();
  const isRemoved = await o.db.transaction(async (trx) => {
    const row = await softDeleteFile(trx, id, at);
    if (row === undefined) return false;
    await recordFact(trx, 'file.deleted', {
      file_id: id,
      user_id: row.uploaded_by,
      bytes: row.size,
      deleted_at: at.toISOString(),
    });
    await also(trx, row);
    return true;
  });
  o.facts.nudge();
  await Promise.all([o.storage.remove(id), o.storage.remove(thumbnailKey(id))]);
  return isRemoved;
}
