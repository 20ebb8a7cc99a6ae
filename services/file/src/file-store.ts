// SQL of files and of the storage usage of each user.
import type { IdPaging, Paging } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';

export interface FileRow {
  id: string;
  filename: string;
  content_type: string;
  size: number;
  sha256: string;
  description: string | null;
  uploaded_by: string;
  thumbnail: 'none' | 'pending' | 'ready';
  /** off: uploaded without a scanner. pending: in quarantine. infected: its bytes are removed. */
  scan_status: 'off' | 'pending' | 'clean' | 'infected';
  /** The signature that the scanner found. */
  scan_result: string | null;
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
  'scan_status',
  'scan_result',
  'created_at',
];
const live = (db: Knex) =>
  db<FileRow & { deleted_at: Date | null; missing_since: Date | null }>('files').whereNull('deleted_at');
/** Files of erased users are invisible at once, before they are removed. */
const visible = (db: Knex) =>
  live(db).whereRaw('not exists (select from erased e where e.user_id = files.uploaded_by)');

export async function insertFile(trx: Knex, row: FileRow): Promise<void> {
  await trx('files').insert(row);
}

/** Adds bytes. @returns false, without adding, when that would exceed `quota` (0: no quota). */
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

export const getFile = (db: Knex, id: string): Promise<FileRow | undefined> => visible(db).where({ id }).first(COLUMNS);

/** The uploader, of a deleted file too. */
export const getUploader = async (
  db: Knex,
  id: string,
): Promise<{ uploaded_by: string; deleted: boolean } | undefined> =>
  db('files').where({ id }).first('uploaded_by', db.raw('deleted_at is not null as deleted'));

export const getFiles = (db: Knex, ids: string[]): Promise<FileRow[]> => visible(db).whereIn('id', ids).select(COLUMNS);

/** The files of `ids` whose bytes belong in the storage. */
export const fileIdsWithBytes = async (db: Knex, ids: string[]): Promise<string[]> =>
  (await live(db).whereIn('id', ids).whereNot('scan_status', 'infected').select('id')).map(({ id }) => id);

/** All files that the user ever uploaded, deleted ones too. */
export const fileIdsOf = async (db: Knex, userId: string): Promise<string[]> =>
  (await db('files').where({ uploaded_by: userId }).orderBy('id').select('id')).map(({ id }) => id);

export const deleteUsage = async (db: Knex, userId: string): Promise<void> =>
  void (await db('usage').where({ user_id: userId }).delete());

/** Newest first. */
export const listFilesOf = (db: Knex, userId: string, { limit, skip, cursor }: IdPaging): Promise<FileRow[]> =>
  live(db)
    .where({ uploaded_by: userId })
    .where((query) => (cursor === undefined ? query : query.where('id', '<', cursor[0])))
    .orderBy('id', 'desc')
    .limit(limit)
    .offset(skip)
    .select(COLUMNS);

/** Place of a file in a list: its size in a list by size, and its id. */
export type FileKey = readonly [string] | readonly [number, string];

export interface FileFilter extends Paging<FileKey> {
  uploaded_by?: string;
  sort: 'created' | 'size';
}

/** Of all users or of one, newest or largest first. */
export async function listAllFiles(
  db: Knex,
  { uploaded_by, sort, limit, skip, cursor }: FileFilter,
): Promise<FileRow[]> {
  const isBySize = sort === 'size';
  return await visible(db)
    .where(uploaded_by === undefined ? {} : { uploaded_by })
    .where((query) => {
      if (cursor === undefined) return query;
      return isBySize ? query.whereRaw('(size, id) < (?, ?)', [...cursor]) : query.where('id', '<', cursor[0]);
    })
    .orderBy(
      isBySize
        ? [
            { column: 'size', order: 'desc' },
            { column: 'id', order: 'desc' },
          ]
        : [{ column: 'id', order: 'desc' }],
    )
    .limit(limit)
    .offset(skip)
    .select(COLUMNS);
}

export interface FileTotals {
  total: number;
  bytes: number;
}

/** Those of erased users are counted until they are removed. */
export async function totalsOf(db: Knex, userId: string): Promise<FileTotals> {
  const [row] = await live(db)
    .where({ uploaded_by: userId })
    .select(db.raw('count(*)::int as total'), db.raw('coalesce(sum(size), 0)::bigint as bytes'));
  return row as unknown as FileTotals;
}

/** Files after the id `after`, in order of id. */
export const filesOfAfter = (db: Knex, userId: string, after: string, limit: number): Promise<FileRow[]> =>
  visible(db).where({ uploaded_by: userId }).where('id', '>', after).orderBy('id').limit(limit).select(COLUMNS);

/** Empties the row and keeps its id. @returns the old row; undefined if there was no live file. */
export async function softDeleteFile(trx: Knex, id: string, at: Date): Promise<FileRow | undefined> {
  const row = (await live(trx).where({ id }).forUpdate().first(COLUMNS)) as FileRow | undefined;
  if (row === undefined) return undefined;
  await trx('files')
    .where({ id })
    .update({ filename: '', description: null, sha256: '', thumbnail: 'none', scan_result: null, deleted_at: at });
  if (row.scan_status !== 'infected') await freeUsage(trx, row);
  return row;
}

const freeUsage = async (trx: Knex, { uploaded_by, size }: FileRow): Promise<void> =>
  void (await trx('usage')
    .where({ user_id: uploaded_by })
    .update({ bytes: trx.raw('greatest(bytes - ?, 0)', [size]) }));

/** Releases the file from quarantine. */
export const markClean = async (db: Knex, id: string): Promise<void> =>
  void (await live(db).where({ id, scan_status: 'pending' }).update({ scan_status: 'clean' }));

/**
 * The row stays, so that the uploader sees why. Frees the quota.
 * @returns undefined when the file is not in quarantine any more.
 */
export async function markInfected(trx: Knex, id: string, signature: string): Promise<FileRow | undefined> {
  const row = (await live(trx).where({ id, scan_status: 'pending' }).forUpdate().first(COLUMNS)) as FileRow | undefined;
  if (row === undefined) return undefined;
  await trx('files').where({ id }).update({ scan_status: 'infected', scan_result: signature, thumbnail: 'none' });
  await freeUsage(trx, row);
  return row;
}

const idsOf = async (rows: Promise<{ id: string }[]>): Promise<string[]> => (await rows).map(({ id }) => id);

export const pendingScans = (db: Knex, olderThan: Date, limit: number): Promise<string[]> =>
  idsOf(
    visible(db)
      .where({ scan_status: 'pending' })
      .where('created_at', '<', olderThan)
      .orderBy('id')
      .limit(limit)
      .select('id'),
  );

/** @returns false when the file is deleted or its thumbnail is not pending any more. */
export async function settleThumbnail(db: Knex, id: string, thumbnail: 'none' | 'ready'): Promise<boolean> {
  return (await live(db).where({ id, thumbnail: 'pending' }).update({ thumbnail })) === 1;
}

/** @returns the number of attempts to render the thumbnail, with this one. */
export async function countThumbnailAttempt(db: Knex, id: string): Promise<number> {
  const rows = await db('files')
    .where({ id })
    .update({ thumbnail_tries: db.raw('thumbnail_tries + 1') }, ['thumbnail_tries']);
  return rows[0]?.thumbnail_tries ?? 0;
}

/** Without files in quarantine: those are not even opened. */
export const pendingThumbnails = (db: Knex, olderThan: Date, limit: number): Promise<string[]> =>
  idsOf(
    live(db)
      .where({ thumbnail: 'pending' })
      .whereIn('scan_status', ['off', 'clean'])
      .where('created_at', '<', olderThan)
      .orderBy('id')
      .limit(limit)
      .select('id'),
  );

/** Live files after the id `after`, in order of id. */
export const filesAfter = (
  db: Knex,
  after: string,
  limit: number,
): Promise<{ id: string; missing_since: Date | null }[]> =>
  live(db)
    .where('id', '>', after)
    .whereNot('scan_status', 'infected')
    .orderBy('id')
    .limit(limit)
    .select('id', 'missing_since');

export async function setMissing(db: Knex, id: string, since: Date | null): Promise<void> {
  await live(db).where({ id }).update({ missing_since: since });
}

/** For statistics: files by `ids`; without `ids` a page in order of id. Deleted ones too. */
export const fileStates = async (
  db: Knex,
  { ids, after, limit }: { ids?: string[]; after: string; limit: number },
): Promise<{ file_id: string; bytes: number; deleted: boolean }[]> =>
  await db('files')
    .where((query) => (ids === undefined ? query.where('id', '>', after) : query.whereIn('id', ids)))
    .orderBy('id')
    .limit(limit)
    .select('id as file_id', 'size as bytes', db.raw('deleted_at is not null as deleted'));
