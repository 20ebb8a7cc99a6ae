// Data exports, one per user: requested, created by a job, downloaded by a signed link, expired.
import { type IdPaging, newId, notFound, type PageInfo, page, type RequestContext } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { Context } from '../context.ts';
import { linkHolder, sendBytes } from '../downloads.ts';
import { isErased } from '../erasure-store.ts';
import { contentDisposition } from '../filenames.ts';
import type { Storage } from '../storage/storage.ts';
import { type ArchiveSources, archiveParts } from './archive-parts.ts';
import {
  deleteExport,
  type ExportRow,
  exportOf,
  finishExport,
  getExport,
  insertExport,
  listExports,
} from './export-store.ts';
import { zipOf } from './zip.ts';

export interface ExportView extends Omit<ExportRow, 'user_id'> {
  url: string | null;
  url_expires_at: Date | null;
}

type ExportCall = RequestContext<{ id: string }, { token: string }>;

const archiveKey = (id: string): string => `${id}.zip`;

/** @param viewer who gets the link: the user, or an admin. */
function view({ links }: Pick<Context, 'links'>, { user_id: _, ...row }: ExportRow, viewer: string): ExportView {
  if (row.status === 'pending') return { ...row, url: null, url_expires_at: null };
  const { url, expires_at } = links.sign(row.id, 'export', viewer);
  return { ...row, url, url_expires_at: expires_at };
}

/** Deletes the record first, then the bytes, as with files. */
export async function removeExport({ db, storage }: { db: Knex; storage: Storage }, id: string): Promise<void> {
  await deleteExport(db, id);
  await storage.remove(archiveKey(id));
}

/** Returns the pending export, if there is one. Replaces a finished one. */
export async function requestExport(ctx: Context, userId: string, viewer = userId): Promise<ExportView> {
  if (await isErased(ctx.db, userId)) throw notFound('User');
  const before = await exportOf(ctx.db, userId);
  if (before?.status === 'ready') await removeExport(ctx, before.id);
  const id = newId('exp');
  if (await insertExport(ctx.db, id, userId)) ctx.exports.enqueue(id);
  return showExport(ctx, userId, viewer);
}

export async function showExport(ctx: Context, userId: string, viewer = userId): Promise<ExportView> {
  const row = await exportOf(ctx.db, userId);
  if (row === undefined) throw notFound('Export');
  return view(ctx, row, viewer);
}

/** For admins, without links. */
export async function exportList(
  ctx: Pick<Context, 'db'>,
  paging: IdPaging,
): Promise<{ exports: ExportRow[] } & PageInfo> {
  const rows = await listExports(ctx.db, { ...paging, limit: paging.limit + 1 });
  return page('exports', rows, paging.limit, ({ id }) => [id]);
}

/** As with links to files, the current rights of the link's holder count. */
export async function downloadExport(ctx: Context, call: ExportCall): Promise<void> {
  const { params } = call;
  const holder = await linkHolder(ctx, ctx.links.verify(params.id, 'export', call.query.token), call);
  const found = await getExport(ctx.db, params.id);
  const row = found?.user_id === holder.user_id || holder.role === 'admin' ? found : undefined;
  const source = row?.status === 'ready' ? await ctx.storage.read(archiveKey(params.id)) : undefined;
  if (row === undefined || source === undefined) throw notFound('Export');
  call.res.set({
    'Content-Type': 'application/zip',
    'Content-Length': String(row.size),
    'Content-Disposition': contentDisposition(
      'attachment',
      `chatapi-export-${row.created_at.toISOString().slice(0, 10)}.zip`,
    ),
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'Cache-Control': 'private, no-store',
  });
  await sendBytes(ctx, call, source);
}

/** The job. Starts over when its process died; the storage never shows a partial object. */
export async function makeExport(deps: ArchiveSources & Pick<Context, 'config'>, id: string): Promise<void> {
  const row = await getExport(deps.db, id);
  if (row?.status !== 'pending') return;
  let size = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of zipOf(archiveParts(deps, row as ExportRow))) {
      size += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  }
  await deps.storage.put(archiveKey(id), 'application/zip', counted());
  // The user may have been erased meanwhile.
  if (!(await finishExport(deps.db, id, size, deps.config.EXPORT_KEEP_HOURS)))
    await deps.storage.remove(archiveKey(id));
}
