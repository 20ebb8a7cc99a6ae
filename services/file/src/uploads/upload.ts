// An upload from the first byte to the committed record. A refused or aborted one leaves neither
// bytes nor a record.
import type { IncomingMessage } from 'node:http';
import { recordFact } from '@chatapi/bus';
import { AppError, newId, parse, text, unavailable } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { isErased } from '../erasure-store.ts';
import { type FileView, viewFile } from '../file-access.ts';
import { type FileRow, insertFile } from '../file-store.ts';
import { safeFilename } from '../filenames.ts';
import { type FilePart, FORM_OVERHEAD, readForm } from './multipart.ts';
import { requireQuota, useQuota } from './quota.ts';
import { checkedBytes, type Digest, tooLarge, typeByName } from './size-and-type-check.ts';

const fields = Joi.object<{ description?: string }, true>({ description: text({ max: 1000 }) });

/** Limits that can be checked before the first byte is read. */
async function checkLimits(ctx: Context, caller: Caller, req: IncomingMessage): Promise<void> {
  const { MAX_FILE_SIZE } = ctx.config;
  if (Number(req.headers['content-length'] ?? 0) > MAX_FILE_SIZE + FORM_OVERHEAD) throw tooLarge(MAX_FILE_SIZE);
  await requireQuota(ctx, caller.user_id);
}

async function storeBytes(ctx: Context, caller: Caller, part: FilePart): Promise<FileRow> {
  const type = typeByName(part.filename, ctx.config.ALLOWED_FILE_TYPES);
  const filename = safeFilename(part.filename);
  const id = newId('file');
  let digest: Digest | undefined;
  let description: string | null = null;
  const source = checkedBytes(part.bytes, type, ctx.config.MAX_FILE_SIZE, (found) => {
    digest = found;
    // Validate it here, before the bytes are stored.
    description = parse(fields, { description: part.description() }, 'json').description ?? null;
  });
  await ctx.storage.put(id, type.content_type, source).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOSPC' || error.code === 'EDQUOT' ? unavailable('The file store', error) : error;
  });
  return {
    id,
    filename,
    content_type: type.content_type,
    ...(digest as unknown as Digest),
    description,
    uploaded_by: caller.user_id,
    thumbnail: type.image ? 'pending' : 'none',
    scan_status: ctx.config.CLAMAV_URL === undefined ? 'off' : 'pending',
    scan_result: null,
    created_at: new Date(),
  };
}

async function storeRecord(ctx: Context, row: FileRow): Promise<void> {
  await ctx.db.transaction(async (trx) => {
    if (await isErased(trx, row.uploaded_by)) throw new AppError('AUTHENTICATION_ERROR', 'This account was erased');
    await useQuota(ctx, trx, row);
    await insertFile(trx, row);
    await recordFact(trx, 'file.created', {
      file_id: row.id,
      user_id: row.uploaded_by,
      bytes: row.size,
      created_at: row.created_at.toISOString(),
    });
  });
}

export async function upload(ctx: Context, caller: Caller, req: IncomingMessage): Promise<FileView> {
  await checkLimits(ctx, caller, req);
  const row = await readForm(req, (part) => storeBytes(ctx, caller, part));
  try {
    await storeRecord(ctx, row);
  } catch (error) {
    // Only an AppError proves that nothing was committed. After a lost connection to the database
    // the record may exist, and the sweep decides.
    if (error instanceof AppError) await ctx.storage.remove(row.id);
    throw error;
  }
  ctx.facts.nudge();
  if (row.scan_status === 'pending') ctx.scans?.enqueue(row.id);
  else if (row.thumbnail === 'pending') ctx.thumbnails.enqueue(row.id);
  return viewFile(ctx, caller.user_id, row);
}
