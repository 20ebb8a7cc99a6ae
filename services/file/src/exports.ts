// Owns: a user's export: asked for, made by a job, fetched by a signed link, gone after a while. One at a time.
import { type Call, type Knex, newId, notFound } from '@chatapi/kit';
import type { Context } from './context.ts';
import { sendBytes } from './downloads.ts';
import { isErased } from './erasure-store.ts';
import { type Archived, archiveParts } from './export-parts.ts';
import { deleteExport, type ExportRow, exportOf, finishExport, getExport, insertExport } from './export-store.ts';
import { contentDisposition } from './filenames.ts';
import type { Storage } from './storage.ts';
import { zipOf } from './zip.ts';

export interface ExportView extends Omit<ExportRow, 'user_id'> {
  url: string | null;
  url_expires_at: Date | null;
}

const archiveKey = (id: string): string => `${id}.zip`;

function view({ links }: Pick<Context, 'links'>, { user_id, ...row }: ExportRow): ExportView {
  if (row.status === 'pending') return { ...row, url: null, url_expires_at: null };
  const { url, expires_at } = links.sign(row.id, 'export', user_id);
  return { ...row, url, url_expires_at: expires_at };
}

/** Record first, bytes after, as with files. */
export async function removeExport({ db, storage }: { db: Knex; storage: Storage }, id: string): Promise<void> {
  await deleteExport(db, id);
  await storage.remove(archiveKey(id));
}

/** One that is being made is the answer also to whoever asks again; a finished one is replaced. */
export async function orderExport(ctx: Context, userId: string): Promise<ExportView> {
  if (await isErased(ctx.db, userId)) throw notFound('User');
  const before = await exportOf(ctx.db, userId);
  if (before?.status === 'ready') await removeExport(ctx, before.id);
  const id = newId('exp');
  if (await insertExport(ctx.db, id, userId)) ctx.exports.want(id);
  return showExport(ctx, userId);
}

export async function showExport(ctx: Context, userId: string): Promise<ExportView> {
  const row = await exportOf(ctx.db, userId);
  if (row === undefined) throw notFound('Export');
  return view(ctx, row);
}

export async function downloadExport(ctx: Context, call: Call<{ id: string }, { token: string }>): Promise<void> {
  const { params, query } = call;
  ctx.links.verify(params.id, 'export', query.token);
  const row = await getExport(ctx.db, params.id);
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

/** The job. Repeats from the beginning when its process died; an object appears in the store only whole. */
export async function makeExport(deps: Archived & Pick<Context, 'config'>, id: string): Promise<void> {
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
