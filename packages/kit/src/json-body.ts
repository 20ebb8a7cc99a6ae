// JSON of requests: one reading for HTTP and for posts that the API gateway forwards over RPC. JSON
// is UTF-8 (RFC 8259). Of a field that stands twice, the last counts, as JSON.parse has it.
import { AppError } from './errors.ts';

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const CHARSET = /;\s*charset\s*=\s*"?([^";]*)/gi;
/** Labels of UTF-8, and of the part of it that is ASCII. */
const CHARSETS = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii']);

/** @throws AppError UNSUPPORTED_MEDIA_TYPE for another type or charset. */
export function requireJson(type: string | undefined): void {
  if (type === undefined || !JSON_TYPE.test(type))
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json');
  for (const [, label = ''] of type.matchAll(CHARSET)) {
    const charset = label.trim();
    if (!CHARSETS.has(charset.toLowerCase()))
      throw new AppError('UNSUPPORTED_MEDIA_TYPE', `The charset ${charset.slice(0, 40)} is not supported: use utf-8`);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws AppError VALIDATION_ERROR: replacement characters would change what was sent. */
export function utf8Text(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new AppError('VALIDATION_ERROR', 'The body is not valid UTF-8', { cause });
  }
}

/**
 * An empty body is `{}`; only objects and arrays are accepted. @throws AppError VALIDATION_ERROR.
 */
export function jsonOf(text: string): unknown {
  if (text === '') return {};
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null) return value;
  } catch {}
  throw new AppError('VALIDATION_ERROR', 'The body is not valid JSON');
}
