// Owns: the SQL of files and of what each user keeps.
import type { Knex } from '@chatapi/kit';

export interface FileRow {
  id: string;
  filename: string;
  content_type: string;
  size: number;
  sha256: string;
  description: string | null;
  uploaded_by: string;
  thumbnail: 'none' | 'pending' | 'ready';
  created_at: Date;
}

const COLUMNS = [
  'id',
  'filename',
  'content_type',
  'size',
  'sha256',
  'description',
  'uploaded_by',
  'thumbnail',
  'created_at',
];
const live = (db: Knex) =>
  db<FileRow & { deleted_at: Date | null; missing_since: Date | null }>('files').whereNull('deleted_at');

export async function insertFile(trx: Knex, row: FileRow): Promise<void> {
  await trx('files').insert(row);
}

/** Counts bytes for a user. @returns false, and counts nothing, when that would pass `quota` (0: none). */
export async function addUsage(trx: Knex, userId: string, bytes: number, quota: number): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    `insert into usage as u (user_id, bytes) select ?, ?::bigint where ? = 0 or ?::bigint <= ?
     on conflict (user_id) do update set bytes = u.bytes + excluded.bytes where ? = 0 or u.bytes + excluded.bytes <= ?`,
    [userId, bytes, quota, bytes, quota, quota, quota],
  );
  return rowCount === 1;
}

export async function usageOf(db: Knex, userId: string): Promise<number> {
  return (await db<{ user_id: string; bytes: number }>('usage').where({ user_id: userId }).first('bytes'))?.bytes ?? 0;
}

export const getFile = (db: Knex, id: string): Promise<FileRow | undefined> => live(db).where({ id }).first(COLUMNS);

/** Whose file this is or was. */
export const getUploader = async (
  db: Knex,
  id: string,
): Promise<{ uploaded_by: string; deleted: boolean } | undefined> =>
  db('files').where({ id }).first('uploaded_by', db.raw('deleted_at is not null as deleted'));

export const getFiles = (db: Knex, ids: string[]): Promise<FileRow[]> => live(db).whereIn('id', ids).select(COLUMNS);

/** Newest first. */
export const listFilesOf = (db: Knex, userId: string, limit: number, skip: number): Promise<FileRow[]> =>
  live(db).where({ uploaded_by: userId }).orderBy('id', 'desc').limit(limit).offset(skip).select(COLUMNS);

/** @returns the row as it was; undefined when it was deleted before or never was. */
export async function emptyFile(trx: Knex, id: string, at: Date): Promise<FileRow | undefined> {
  const row = (await live(trx).where({ id }).forUpdate().first(COLUMNS)) as FileRow | undefined;
  if (row === undefined) return undefined;
  await trx('files')
    .where({ id })
    .update({ filename: '', description: null, sha256: '', thumbnail: 'none', deleted_at: at });
  await trx('usage')
    .where({ user_id: row.uploaded_by })
    .update({ bytes: trx.raw('greatest(bytes - ?, 0)', [row.size]) });
  return row;
}

/** @returns false when the file is gone or its thumbnail was settled before. */
export async function settleThumbnail(db: Knex, id: string, thumbnail: 'none' | 'ready'): Promise<boolean> {
  return (await live(db).where({ id, thumbnail: 'pending' }).update({ thumbnail })) === 1;
}

export async function waitingForThumbnail(db: Knex, olderThan: Date, limit: number): Promise<string[]> {
  const rows = await live(db)
    .where({ thumbnail: 'pending' })
    .where('created_at', '<', olderThan)
    .orderBy('id')
    .limit(limit)
    .select('id');
  return rows.map(({ id }) => id);
}

/** Live files in order of id, `limit` from behind `after`. */
export const filesAfter = (
  db: Knex,
  after: string,
  limit: number,
): Promise<{ id: string; missing_since: Date | null }[]> =>
  live(db).where('id', '>', after).orderBy('id').limit(limit).select('id', 'missing_since');

export async function setMissing(db: Knex, id: string, since: Date | null): Promise<void> {
  await live(db).where({ id }).update({ missing_since: since });
}
