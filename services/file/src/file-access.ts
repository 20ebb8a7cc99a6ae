// Who may see a file, and how it is shown. The message service decides about files in rooms.
import { AppError, type IdPaging, notFound, type PageInfo, page } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import { logStaffAct, recordStaffAct } from './audit.ts';
import type { Context } from './context.ts';
import { removeFile } from './file-deletion.ts';
import {
  type FileFilter,
  type FileRow,
  getFile,
  getFiles,
  getUploader,
  listAllFiles,
  listFilesOf,
} from './file-store.ts';

export interface FileView extends Omit<FileRow, 'thumbnail'> {
  /** null for an infected file, whose bytes are removed. */
  url: string | null;
  url_expires_at: Date | null;
  thumbnail_url: string | null;
}

export function viewFile({ links }: Pick<Context, 'links'>, viewer: string, { thumbnail, ...row }: FileRow): FileView {
  if (row.scan_status === 'infected') return { ...row, url: null, url_expires_at: null, thumbnail_url: null };
  const { url, expires_at } = links.sign(row.id, 'content', viewer);
  const thumbnail_url = thumbnail === 'ready' ? links.sign(row.id, 'thumbnail', viewer).url : null;
  return { ...row, url, url_expires_at: expires_at, thumbnail_url };
}

/** Whether this user can read a room in which the uploader has attached the file. */
const isSharedWith = async (
  ctx: Context,
  { id, uploaded_by }: Pick<FileRow, 'id' | 'uploaded_by'>,
  userId: string,
  request_id?: string,
  rooms?: readonly string[],
): Promise<boolean> =>
  (
    await ctx.message.call<{ allowed: boolean }>('GET', `/internal/files/${encodeURIComponent(id)}/access`, {
      query: { user_id: userId, uploaded_by, rooms: rooms?.join(',') },
      request_id,
    })
  ).allowed;

/** Who asks for a file, with what the audit log needs. */
export type FileCaller = Pick<Caller, 'user_id' | 'role' | 'ip' | 'rooms'> & { request_id: string };

/** An admin does not depend on message: without it, the read is on record. */
const isReader = async (
  ctx: Context,
  row: FileRow,
  { user_id, role, rooms, request_id }: FileCaller,
): Promise<boolean> =>
  row.scan_status !== 'infected' &&
  (await isSharedWith(ctx, row, user_id, request_id, rooms).catch((error) => {
    if (role === 'admin') return false;
    throw error;
  }));

async function readAsAdmin(ctx: Context, caller: FileCaller, row: FileRow): Promise<FileRow> {
  await ctx.db.transaction((trx) => recordStaffAct(trx, caller, 'file.read', row));
  ctx.facts.nudge();
  logStaffAct(ctx, caller, 'file.read', row);
  return row;
}

/**
 * What an admin reads only as an admin is on record before it is returned.
 * @throws RESOURCE_NOT_FOUND also when the caller may not know that the file exists.
 */
export async function readableFile(ctx: Context, caller: FileCaller, id: string): Promise<FileRow> {
  const row = await getFile(ctx.db, id);
  if (row === undefined) throw notFound('File');
  if (row.uploaded_by === caller.user_id || (await isReader(ctx, row, caller))) return row;
  if (caller.role === 'admin') return await readAsAdmin(ctx, caller, row);
  throw notFound('File');
}

/** @throws RESOURCE_NOT_FOUND unless the user uploaded the file or reads a room with it. */
export async function requireVisible(
  ctx: Context,
  id: string,
  userId: string,
  request_id: string,
  rooms?: string[],
): Promise<{ id: string; uploaded_by: string }> {
  const row = await getFile(ctx.db, id);
  if (row === undefined) throw notFound('File');
  const { uploaded_by } = row;
  if (uploaded_by === userId || (await isSharedWith(ctx, row, userId, request_id, rooms))) return { id, uploaded_by };
  throw notFound('File');
}

export async function showFile(ctx: Context, caller: FileCaller, id: string): Promise<FileView> {
  return viewFile(ctx, caller.user_id, await readableFile(ctx, caller, id));
}

export async function listFiles(
  ctx: Context,
  caller: Caller,
  { limit, ...rest }: IdPaging,
): Promise<{ files: FileView[] } & PageInfo> {
  const rows = await listFilesOf(ctx.db, caller.user_id, { ...rest, limit: limit + 1 });
  return page(
    'files',
    rows.map((row) => viewFile(ctx, caller.user_id, row)),
    limit,
    ({ id }) => [id],
  );
}

/** Without links: an admin who reads a file is on record. */
export async function listFilesForAdmin(
  ctx: Context,
  filter: FileFilter,
): Promise<{ files: Omit<FileRow, 'thumbnail'>[] } & PageInfo> {
  const rows = await listAllFiles(ctx.db, { ...filter, limit: filter.limit + 1 });
  const keyOf = ({ size, id }: FileRow) => (filter.sort === 'size' ? ([size, id] as const) : ([id] as const));
  const { files, ...info } = page('files', rows, filter.limit, keyOf);
  return { files: files.map(({ thumbnail: _, ...file }) => file), ...info };
}

async function requireMayDelete(
  ctx: Context,
  { user_id, role, rooms, request_id }: FileCaller,
  id: string,
  { uploaded_by, deleted }: { uploaded_by: string; deleted: boolean },
): Promise<void> {
  if (uploaded_by === user_id || role === 'admin') return;
  if (!deleted && (await isSharedWith(ctx, { id, uploaded_by }, user_id, request_id, rooms)))
    throw new AppError('AUTHORIZATION_ERROR', 'Only its uploader may delete a file');
  throw notFound('File');
}

/** For the uploader and admins, whose act is on record. Idempotent. */
export async function deleteFile(ctx: Context, caller: FileCaller, id: string): Promise<void> {
  const found = await getUploader(ctx.db, id);
  if (found === undefined) throw notFound('File');
  await requireMayDelete(ctx, caller, id, found);
  if (found.uploaded_by === caller.user_id) {
    await removeFile(ctx, id);
    return;
  }
  const isRemoved = await removeFile(ctx, id, (trx, row) => recordStaffAct(trx, caller, 'file.delete', row));
  if (isRemoved) logStaffAct(ctx, caller, 'file.delete', { id, uploaded_by: found.uploaded_by });
}

export interface FileSnapshot extends Omit<FileRow, 'thumbnail' | 'scan_status' | 'scan_result'> {
  has_thumbnail: boolean;
}

function snapshotOf({ thumbnail, scan_status: _, scan_result: __, ...rest }: FileRow): FileSnapshot {
  // A message stores this, often before the thumbnail is rendered: a pending one counts.
  return { ...rest, has_thumbnail: thumbnail !== 'none' };
}

/**
 * For the message service: the user's own files of `ids`, which the user may attach, in this order,
 * and the ids of files that the user may only read. A reader who could attach a file could keep or
 * publish it after losing the right to read it.
 */
export async function snapshots(
  ctx: Context,
  ids: string[],
  userId: string,
): Promise<{ files: FileSnapshot[]; readable: string[] }> {
  const rows = (await getFiles(ctx.db, ids)).filter(({ scan_status }) => scan_status !== 'infected');
  const own = new Map(rows.filter(({ uploaded_by }) => uploaded_by === userId).map((row) => [row.id, row]));
  const others = rows.filter(({ id }) => !own.has(id));
  const reads = await Promise.all(others.map((row) => isSharedWith(ctx, row, userId)));
  return {
    files: [...new Set(ids)].flatMap((id) => {
      const row = own.get(id);
      return row === undefined ? [] : [snapshotOf(row)];
    }),
    readable: others.filter((_, i) => reads[i]).map(({ id }) => id),
  };
}
