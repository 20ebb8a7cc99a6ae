// Owns: how much a client may send, and how long it may take for it. The services check again; the door keeps them from being fed.
import { AppError } from '@chatapi/kit';
import type { DoorRequest } from './exchange.ts';
import type { Row } from './routes.ts';

const JSON_BYTES = 100 * 1024;
/** Multipart boundaries, part headers and the description around the file. */
const FORM_BYTES = 64 * 1024;
// Both less than the silence that proxy.ts allows a service: it is not the service that keeps us waiting.
const JSON_MS = 7000;
const STALL_MS = 30_000;

const limitOf = (row: Row, maxFileSize: number): number =>
  row.file === 'upload' ? maxFileSize + FORM_BYTES : JSON_BYTES;

export const hasBody = ({ headers }: DoorRequest): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

const tooLarge = (limit: number): AppError =>
  new AppError('PAYLOAD_TOO_LARGE', 'The body is too large', { details: { limit_bytes: limit } });

/** @throws AppError PAYLOAD_TOO_LARGE before a byte of the body is read. */
export function checkLength(req: DoorRequest, row: Row, maxFileSize: number): void {
  const limit = limitOf(row, maxFileSize);
  if (Number(req.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
}

/**
 * Watches a body on its way: one without a length is counted, one that trickles is given up. Call it in the turn in which
 * the body starts to flow (a `data` listener makes it flow). `fail` may be called more than once.
 */
export function watchBody(req: DoorRequest, row: Row, maxFileSize: number, fail: (error: AppError) => void): void {
  const late = (): void => fail(new AppError('VALIDATION_ERROR', 'The body did not arrive in time', { status: 408 }));
  const upload = row.file === 'upload';
  let timer = setTimeout(late, upload ? STALL_MS : JSON_MS);
  req.once('close', () => clearTimeout(timer));
  const chunked = req.headers['transfer-encoding'] !== undefined;
  if (!chunked && !upload) return;
  const limit = limitOf(row, maxFileSize);
  let bytes = 0;
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limit) {
      clearTimeout(timer);
      fail(tooLarge(limit));
    } else if (upload) timer = timer.refresh();
  });
}

const utf8 = new TextDecoder();

/** A JSON body of told length, as text. Of a client that goes away meanwhile nothing more is heard. @throws AppError 408. */
export const readText = (req: DoorRequest, row: Row, maxFileSize: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    watchBody(req, row, maxFileSize, reject);
    req
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .once('end', () => resolve(utf8.decode(Buffer.concat(chunks))));
  });
