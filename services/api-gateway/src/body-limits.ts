// Limits on the size and the duration of request bodies. The services check sizes again;
// checking here keeps large bodies away from them.
import { AppError, utf8Text } from '@chatapi/kit';
import type { GatewayRequest } from './request-exchange.ts';
import type { Row } from './routes.ts';

const MAX_JSON_BYTES = 100 * 1024;
const MAX_SMALL_BYTES = 64 * 1024;
const MAX_LARGE_BYTES = 4 * 1024 * 1024;
/** Room for multipart boundaries, part headers and the description beside the file. */
const MAX_FORM_OVERHEAD_BYTES = 64 * 1024;
// Both are shorter than the idle timeout of the upstream in proxy.ts, so that a slow client is not
// reported as a failed service.
const JSON_TIMEOUT_MS = 7000;
const MAX_UPLOAD_STALL_MS = 30_000;
/** A large body takes longer than JSON_TIMEOUT_MS on a slow line; the service's limit is 30 s. */
const MAX_LARGE_STALL_MS = 5000;

const maxBytesOf = (row: Row, maxFileSize: number): number => {
  if (row.file === 'upload') return maxFileSize + MAX_FORM_OVERHEAD_BYTES;
  if (row.small) return MAX_SMALL_BYTES;
  return row.large ? MAX_LARGE_BYTES : MAX_JSON_BYTES;
};

export const hasBody = ({ headers }: GatewayRequest): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

function stallOf(row: Row): number {
  if (row.file === 'upload') return MAX_UPLOAD_STALL_MS;
  return row.large ? MAX_LARGE_STALL_MS : JSON_TIMEOUT_MS;
}

const tooLarge = (limit: number): AppError =>
  new AppError('PAYLOAD_TOO_LARGE', 'The body is too large', { details: { limit_bytes: limit } });

/** @throws AppError PAYLOAD_TOO_LARGE before a byte of the body is read. */
export function checkLength(req: GatewayRequest, row: Row, maxFileSize: number): void {
  const limit = maxBytesOf(row, maxFileSize);
  if (Number(req.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
}

/**
 * Enforces the limits while a body streams: counts a body without Content-Length and times out a
 * slow one. Call it in the event-loop turn in which the body starts to flow (a `data` listener
 * starts it).
 * `fail` may be called more than once.
 */
export function watchBody(req: GatewayRequest, row: Row, maxFileSize: number, fail: (error: AppError) => void): void {
  const onTimeout = (): void =>
    fail(new AppError('VALIDATION_ERROR', 'The body did not arrive in time', { status: 408 }));
  const isSlow = row.file === 'upload' || row.large === true;
  let timer = setTimeout(onTimeout, stallOf(row));
  req.once('close', () => clearTimeout(timer));
  const chunked = req.headers['transfer-encoding'] !== undefined;
  if (!chunked && !isSlow) return;
  const limit = maxBytesOf(row, maxFileSize);
  let bytes = 0;
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limit) {
      clearTimeout(timer);
      fail(tooLarge(limit));
    } else if (isSlow) timer = timer.refresh();
  });
}

/**
 * Reads a JSON body with Content-Length as text. Never settles when the client disconnects.
 * @throws AppError 400, 408.
 */
export const readText = (req: GatewayRequest, row: Row, maxFileSize: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    watchBody(req, row, maxFileSize, reject);
    req
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .once('end', () => {
        try {
          resolve(utf8Text(Buffer.concat(chunks)));
        } catch (error) {
          reject(error);
        }
      });
  });
