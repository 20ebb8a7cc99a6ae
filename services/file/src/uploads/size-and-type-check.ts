// Checks size (at most MAX_FILE_SIZE of config.ts) and content of a file while it streams, and
// computes its digest. Holds only the first 4 KiB.
import { createHash } from 'node:crypto';
import { AppError, invalidField } from '@chatapi/kit';
import { extensionsOf } from '../filenames.ts';
import { createTextCheck, type FileType, HEAD_BYTES, headFits, KNOWN_TYPES } from './file-types.ts';

export interface Digest {
  size: number;
  sha256: string;
}

export const tooLarge = (limit: number): AppError =>
  new AppError('PAYLOAD_TOO_LARGE', `A file may have at most ${limit} bytes`, { details: { max_bytes: limit } });

const contentMismatch = (): AppError =>
  new AppError('UNSUPPORTED_MEDIA_TYPE', 'The content of the file does not match its name');

/**
 * @param given the name as sent: cleaned, it could have another extension.
 * @throws AppError UNSUPPORTED_MEDIA_TYPE when an extension of it is not allowed.
 */
export function typeByName(given: string, allowed: string[]): FileType {
  const [extension = '', ...others] = extensionsOf(given);
  const type = allowed.includes(extension) ? KNOWN_TYPES[extension] : undefined;
  if (type !== undefined && others.every((other) => other === '')) return type;
  const refused = others.find((other) => other !== '' && type !== undefined) ?? extension;
  const shown = JSON.stringify(refused.slice(0, 40).toWellFormed());
  throw new AppError(
    'UNSUPPORTED_MEDIA_TYPE',
    `Files of the type ${refused === '' ? '(none)' : shown} are not allowed`,
    {
      details: { allowed },
    },
  );
}

function createHeadCheck(type: FileType): { take(chunk: Buffer): Promise<void>; end(): Promise<void> } {
  let head: Buffer | undefined = Buffer.alloc(0);
  const check = async (): Promise<void> => {
    const bytes = head;
    head = undefined;
    if (bytes !== undefined && !(await headFits(type, bytes))) throw contentMismatch();
  };
  return {
    async take(chunk) {
      if (head === undefined) return;
      head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
      if (head.length === HEAD_BYTES) await check();
    },
    end: check,
  };
}

/**
 * Passes the bytes on. Calls `onEnd` with the digest before it ends.
 * @throws AppError as soon as the bytes are refused.
 */
export async function* checkedBytes(
  bytes: AsyncIterable<Buffer>,
  type: FileType,
  maxBytes: number,
  onEnd: (digest: Digest) => void,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  const isText = type.recognised === 'text' ? createTextCheck() : () => true;
  const head = createHeadCheck(type);
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    if (!isText(chunk)) throw contentMismatch();
    await head.take(chunk);
    hash.update(chunk);
    yield chunk;
  }
  if (size === 0) throw invalidField('file', 'file must not be empty');
  if (!isText()) throw contentMismatch();
  await head.end();
  onEnd({ size, sha256: hash.digest('hex') });
}
