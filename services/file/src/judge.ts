// Owns: the verdict on a file while its bytes pass: size, kind, digest. Nothing is held but the first 4 KiB.
import { createHash } from 'node:crypto';
import { AppError, invalidField } from '@chatapi/kit';
import { extensionOf } from './filenames.ts';
import { type FileType, HEAD_BYTES, headFits, KNOWN_TYPES, openTextCheck } from './types.ts';

export interface Verdict {
  size: number;
  sha256: string;
}

export const tooLarge = (limit: number): AppError =>
  new AppError('PAYLOAD_TOO_LARGE', `A file may have at most ${limit} bytes`, { details: { max_bytes: limit } });

const notWhatItSays = (): AppError =>
  new AppError('UNSUPPORTED_MEDIA_TYPE', 'The file’s content is not what its name says');

/** @throws AppError UNSUPPORTED_MEDIA_TYPE when files with this ending are not taken here. */
export function typeByName(filename: string, allowed: string[]): FileType {
  const extension = extensionOf(filename);
  const type = allowed.includes(extension) ? KNOWN_TYPES[extension] : undefined;
  if (type !== undefined) return type;
  throw new AppError('UNSUPPORTED_MEDIA_TYPE', `Files of the type ${extension || '(none)'} are not taken`, {
    details: { allowed },
  });
}

function openHead(type: FileType): { take(chunk: Buffer): Promise<void>; end(): Promise<void> } {
  let head: Buffer | undefined = Buffer.alloc(0);
  const judge = async (): Promise<void> => {
    const bytes = head;
    head = undefined;
    if (bytes !== undefined && !(await headFits(type, bytes))) throw notWhatItSays();
  };
  return {
    async take(chunk) {
      if (head === undefined) return;
      head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
      if (head.length === HEAD_BYTES) await judge();
    },
    end: judge,
  };
}

/** Passes the bytes on; throws as soon as they are refused. `onEnd` gets the verdict just before the end. */
export async function* judged(
  bytes: AsyncIterable<Buffer>,
  type: FileType,
  maxBytes: number,
  onEnd: (v: Verdict) => void,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  const isText = type.recognised === 'text' ? openTextCheck() : () => true;
  const head = openHead(type);
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    if (!isText(chunk)) throw notWhatItSays();
    await head.take(chunk);
    hash.update(chunk);
    yield chunk;
  }
  if (size === 0) throw invalidField('file', 'is empty');
  if (!isText()) throw notWhatItSays();
  await head.end();
  onEnd({ size, sha256: hash.digest('hex') });
}
