// The storage quota of each user.
import { AppError } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { Context } from '../context.ts';
import { addUsage, type FileRow, usageOf } from '../file-store.ts';

const overQuota = (quota: number): AppError =>
  new AppError('PAYLOAD_TOO_LARGE', 'The upload would exceed your storage quota', {
    details: { quota_bytes: quota },
  });

/** Before the first byte is read. @throws PAYLOAD_TOO_LARGE when nothing is left */
export async function requireQuota({ db, config }: Context, userId: string): Promise<void> {
  const quota = config.FILE_QUOTA_BYTES;
  if (quota > 0 && (await usageOf(db, userId)) >= quota) throw overQuota(quota);
}

/** Counts a new file. @throws PAYLOAD_TOO_LARGE when it does not fit */
export async function useQuota({ config }: Context, trx: Knex, file: FileRow): Promise<void> {
  const quota = config.FILE_QUOTA_BYTES;
  if (!(await addUsage(trx, file.uploaded_by, file.size, quota))) throw overQuota(quota);
}
