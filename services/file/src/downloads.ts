// Downloads: permission, ranges, and headers under which no browser runs the content.
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError, notFound, type RequestContext } from '@chatapi/kit';
import { actAsRequired, type FileVariant, isCaller, type Role } from '@chatapi/kit/auth';
import type { Context } from './context.ts';
import { type FileCaller, readableFile } from './file-access.ts';
import type { FileRow } from './file-store.ts';
import { contentDisposition } from './filenames.ts';
import { thumbnailKey } from './jobs/thumbnails.ts';
import { matches, wantedSpan } from './ranges.ts';
import { typeOf } from './uploads/file-types.ts';

export type BytesCall = RequestContext<{ id: string }, { token?: string }>;

/**
 * The user a link was signed for, with the current role.
 * @throws when banned, deactivated or erased.
 */
export async function linkHolder(
  ctx: Context,
  user_id: string,
  { ip, request_id }: Pick<BytesCall, 'ip' | 'request_id'>,
): Promise<FileCaller> {
  const path = `/internal/accounts/${encodeURIComponent(user_id)}`;
  const account = await ctx.auth.call<{ role: Role; status: string }>('GET', path, { request_id });
  if (account.status !== 'active')
    throw new AppError('AUTHORIZATION_ERROR', `The account that this link was made for is ${account.status}`);
  return { user_id, role: account.role, ip, request_id };
}

/** Checks the current rights of the user the URL was signed for, or else of the caller. */
async function allowed(ctx: Context, call: BytesCall, variant: FileVariant): Promise<FileRow> {
  const { id } = call.params;
  if (call.query.token !== undefined) {
    const holder = await linkHolder(ctx, ctx.links.verify(id, variant, call.query.token), call);
    return readableFile(ctx, holder, id);
  }
  if (call.identity.kind === 'key') throw actAsRequired();
  if (!isCaller(call.identity))
    throw new AppError('AUTHENTICATION_ERROR', 'A valid access token or a signed link is needed');
  return readableFile(ctx, { ...call.identity, request_id: call.request_id }, id);
}

/** @throws RESOURCE_NOT_FOUND with `details.scan_status` for files in quarantine or infected. */
async function readable(ctx: Context, call: BytesCall, variant: FileVariant): Promise<FileRow> {
  const row = await allowed(ctx, call, variant);
  const { scan_status, scan_result } = row;
  if (scan_status === 'off' || scan_status === 'clean') return row;
  const message =
    scan_status === 'pending' ? 'This file is still being scanned' : 'This file was infected and has been removed';
  throw new AppError('RESOURCE_NOT_FOUND', message, { details: { scan_status, scan_result } });
}

function setHeaders({ res }: BytesCall, contentType: string, filename: string, inline: boolean, etag: string): void {
  res.set({
    'Content-Type': contentType.startsWith('text/') ? `${contentType}; charset=utf-8` : contentType,
    'Content-Disposition': contentDisposition(inline ? 'inline' : 'attachment', filename),
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'X-Content-Type-Options': 'nosniff',
    // Pages of other origins may embed pictures by signed URL.
    'Cross-Origin-Resource-Policy': 'cross-origin',
    // Rights may end: a browser may cache the file but must revalidate it each time.
    'Cache-Control': 'private, no-cache',
    ETag: etag,
  });
}

export async function sendBytes(
  { log }: Pick<Context, 'log'>,
  { req, res, request_id }: Pick<BytesCall, 'req' | 'res' | 'request_id'>,
  source: Readable,
): Promise<void> {
  if (req.method === 'HEAD') {
    source.destroy();
    res.end();
    return;
  }
  await pipeline(source, res).catch((error: NodeJS.ErrnoException) => {
    // A premature close means that the client went away. Other errors come from the storage.
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') log.warn({ err: error.message, request_id }, 'download aborted');
  });
}

export async function downloadContent(ctx: Context, call: BytesCall): Promise<void> {
  const row = await readable(ctx, call, 'content');
  const { res, headers } = call;
  const etag = `"${row.sha256}"`;
  const open = (span?: { start: number; end: number }) => ctx.storage.read(row.id, span);
  const show = (): void => {
    setHeaders(call, row.content_type, row.filename, typeOf(row.content_type)?.inline === true, etag);
    res.set('Accept-Ranges', 'bytes');
  };
  if (matches(headers['if-none-match'], etag)) {
    show();
    res.status(304).end();
    return;
  }
  const span = wantedSpan(headers.range, headers['if-range'] as string | undefined, etag, row.size);
  if (span === 'none') {
    throw new AppError('VALIDATION_ERROR', 'The range is outside of the file', {
      status: 416,
      headers: { 'Content-Range': `bytes */${row.size}` },
    });
  }
  const source = await open(span === 'whole' ? undefined : span);
  if (source === undefined) throw notFound('File');
  show();
  if (span === 'whole') res.status(200).set('Content-Length', String(row.size));
  else
    res.status(206).set({
      'Content-Length': String(span.end - span.start + 1),
      'Content-Range': `bytes ${span.start}-${span.end}/${row.size}`,
    });
  await sendBytes(ctx, call, source);
}

export async function downloadThumbnail(ctx: Context, call: BytesCall): Promise<void> {
  const row = await readable(ctx, call, 'thumbnail');
  const etag = `"${row.sha256}-thumbnail"`;
  if (row.thumbnail !== 'ready') throw notFound('Thumbnail');
  const notModified = matches(call.headers['if-none-match'], etag);
  const source = notModified ? undefined : await ctx.storage.read(thumbnailKey(row.id));
  if (!notModified && source === undefined) throw notFound('Thumbnail');
  setHeaders(call, 'image/webp', `${row.filename}.webp`, true, etag);
  if (source === undefined) call.res.status(304).end();
  else await sendBytes(ctx, call, source);
}
