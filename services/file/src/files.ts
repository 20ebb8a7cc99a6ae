// Owns: who may see a file, and how it is shown. Rights through rooms are message's to judge: it knows who reads what.
import { AppError, type Caller, notFound, page } from '@chatapi/kit';
import type { Context } from './context.ts';
import { type FileRow, getFile, getFiles, getUploader, listFilesOf } from './file-store.ts';
import { removeFile } from './removal.ts';

export interface FileView extends Omit<FileRow, 'thumbnail'> {
  /** null: an infected file has no bytes any more. */
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

const allowedByMessage = async (ctx: Context, id: string, userId: string, request_id?: string): Promise<boolean> =>
  (
    await ctx.message.call<{ allowed: boolean }>('GET', `/internal/files/${id}/access`, {
      query: { user_id: userId },
      request_id,
    })
  ).allowed;

/** @throws AppError RESOURCE_NOT_FOUND also when this caller may not know that the file exists. */
export async function readableFile(
  ctx: Context,
  caller: Pick<Caller, 'user_id' | 'role'>,
  id: string,
  request_id: string,
): Promise<FileRow> {
  const row = await getFile(ctx.db, id);
  if (row === undefined) throw notFound('File');
  const own = row.uploaded_by === caller.user_id || caller.role === 'admin';
  if (own || (row.scan_status !== 'infected' && (await allowedByMessage(ctx, id, caller.user_id, request_id))))
    return row;
  throw notFound('File');
}

/** @throws AppError RESOURCE_NOT_FOUND unless this user may read it: theirs, or attached where they read. */
export async function demandSeen(
  ctx: Context,
  id: string,
  userId: string,
  request_id: string,
): Promise<{ id: string; uploaded_by: string }> {
  const row = await getFile(ctx.db, id);
  if (row === undefined) throw notFound('File');
  const { uploaded_by } = row;
  if (uploaded_by === userId || (await allowedByMessage(ctx, id, userId, request_id))) return { id, uploaded_by };
  throw notFound('File');
}

export async function showFile(ctx: Context, caller: Caller, id: string, request_id: string): Promise<FileView> {
  return viewFile(ctx, caller.user_id, await readableFile(ctx, caller, id, request_id));
}

export async function listFiles(
  ctx: Context,
  caller: Caller,
  { limit, skip }: { limit: number; skip: number },
): Promise<{ files: FileView[]; has_more: boolean }> {
  const rows = await listFilesOf(ctx.db, caller.user_id, limit + 1, skip);
  return page(
    'files',
    rows.map((row) => viewFile(ctx, caller.user_id, row)),
    limit,
  );
}

/** The uploader's and admins'; a second time answers as the first did. */
export async function deleteFile(ctx: Context, caller: Caller, id: string, request_id: string): Promise<void> {
  const found = await getUploader(ctx.db, id);
  if (found === undefined) throw notFound('File');
  if (found.uploaded_by !== caller.user_id && caller.role !== 'admin') {
    if (!found.deleted && (await allowedByMessage(ctx, id, caller.user_id, request_id))) {
      throw new AppError('AUTHORIZATION_ERROR', 'Only its uploader may delete a file');
    }
    throw notFound('File');
  }
  await removeFile(ctx, id);
}

export interface FileSnapshot extends Omit<FileRow, 'thumbnail' | 'scan_status' | 'scan_result'> {
  has_thumbnail: boolean;
}

/** For message: those of `ids` that this user may attach, in the order asked. */
export async function snapshots(ctx: Context, ids: string[], userId: string): Promise<{ files: FileSnapshot[] }> {
  const rows = (await getFiles(ctx.db, ids)).filter(({ scan_status }) => scan_status !== 'infected');
  const allowed = await Promise.all(
    rows.map(async (row) => row.uploaded_by === userId || (await allowedByMessage(ctx, row.id, userId))),
  );
  const byId = new Map(rows.filter((_, i) => allowed[i]).map((row) => [row.id, row]));
  return {
    files: [...new Set(ids)].flatMap((id) => {
      const row = byId.get(id);
      if (row === undefined) return [];
      const { thumbnail, scan_status: _, scan_result: __, ...rest } = row;
      // A message keeps this for ever, and is often sent before the thumbnail is drawn: one that is due counts.
      return [{ ...rest, has_thumbnail: thumbnail !== 'none' }];
    }),
  };
}
