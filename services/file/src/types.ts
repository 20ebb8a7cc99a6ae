// Owns: which kinds of file there are, and whether bytes are what their name says.
// Does not own: which of them an installation takes (ALLOWED_FILE_TYPES).
import { isUtf8 } from 'node:buffer';
import { fileTypeFromBuffer } from 'file-type';

export interface FileType {
  content_type: string;
  /** What the first bytes must be recognised as; `text`: valid UTF-8 without NUL that is no other format in disguise. */
  recognised: readonly string[] | 'text';
  /** A browser may show it in place: only what can hold no script. */
  inline?: true;
  /** Gets a thumbnail. */
  image?: true;
}

export const KNOWN_TYPES: Readonly<Record<string, FileType>> = {
  '.jpg': { content_type: 'image/jpeg', recognised: ['image/jpeg'], inline: true, image: true },
  '.png': { content_type: 'image/png', recognised: ['image/png', 'image/apng'], inline: true, image: true },
  '.gif': { content_type: 'image/gif', recognised: ['image/gif'], inline: true, image: true },
  '.webp': { content_type: 'image/webp', recognised: ['image/webp'], inline: true, image: true },
  '.pdf': { content_type: 'application/pdf', recognised: ['application/pdf'] },
  '.zip': { content_type: 'application/zip', recognised: ['application/zip'] },
  '.mp3': { content_type: 'audio/mpeg', recognised: ['audio/mpeg'] },
  '.mp4': { content_type: 'video/mp4', recognised: ['video/mp4'] },
  '.webm': { content_type: 'video/webm', recognised: ['video/webm'] },
  '.txt': { content_type: 'text/plain', recognised: 'text' },
  '.md': { content_type: 'text/markdown', recognised: 'text' },
  '.csv': { content_type: 'text/csv', recognised: 'text' },
};

const BY_CONTENT_TYPE = new Map(Object.values(KNOWN_TYPES).map((type) => [type.content_type, type]));
export const typeOf = (contentType: string): FileType | undefined => BY_CONTENT_TYPE.get(contentType);

/** How many first bytes a judgement needs. */
export const HEAD_BYTES = 4100;

// Formats that may consist of nothing but ASCII. Other matches in a text are chance ("BM …" is no bitmap).
const ASCII_FORMATS = new Set(['application/pdf', 'application/rtf', 'application/postscript', 'image/gif']);

export async function headFits(type: FileType, head: Uint8Array): Promise<boolean> {
  const found = await fileTypeFromBuffer(head);
  if (type.recognised === 'text') return found === undefined || !ASCII_FORMATS.has(found.mime);
  return found !== undefined && type.recognised.includes(found.mime);
}

/** How many last bytes begin a character that goes on in the next chunk. */
function unfinished(bytes: Uint8Array): number {
  for (let i = 1; i <= Math.min(3, bytes.length); i++) {
    const byte = bytes[bytes.length - i] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > i ? i : 0;
  }
  return 0;
}

/** Fed with all chunks of a text in order, and nothing at its end; `false` as soon as it is no text. Decodes nothing. */
export function openTextCheck(): (chunk?: Uint8Array) => boolean {
  let carry: Uint8Array = Buffer.alloc(0);
  return (chunk) => {
    if (chunk === undefined) return carry.length === 0;
    const bytes = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    const rest = unfinished(bytes);
    carry = Buffer.from(bytes.subarray(bytes.length - rest));
    return !chunk.includes(0) && isUtf8(bytes.subarray(0, bytes.length - rest));
  };
}
