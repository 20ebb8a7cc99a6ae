// Supported file types, and the check that the content is of the type of its name. An installation
// allows some of them by ALLOWED_FILE_TYPES.
import { isUtf8 } from 'node:buffer';
import { fileTypeFromBuffer } from 'file-type';

export interface FileType {
  content_type: string;
  /**
   * MIME types that the first bytes must match; `text`: UTF-8 without NUL, of no other format;
   * `zip`: an archive, whatever is in it.
   */
  recognised: readonly string[] | 'text' | 'zip';
  /** Served with `Content-Disposition: inline`: only types that can't contain scripts. */
  inline?: true;
  /** Gets a thumbnail. */
  image?: true;
}

/** Containers of one family (ISO base media): players read them alike. */
const MP4_FAMILY = [
  'video/mp4',
  'video/x-m4v',
  'video/quicktime',
  'video/3gpp',
  'video/3gpp2',
  'audio/x-m4a',
  'audio/mp4',
];

export const KNOWN_TYPES: Readonly<Record<string, FileType>> = {
  '.jpg': { content_type: 'image/jpeg', recognised: ['image/jpeg'], inline: true, image: true },
  '.png': { content_type: 'image/png', recognised: ['image/png', 'image/apng'], inline: true, image: true },
  '.gif': { content_type: 'image/gif', recognised: ['image/gif'], inline: true, image: true },
  '.webp': { content_type: 'image/webp', recognised: ['image/webp'], inline: true, image: true },
  '.pdf': { content_type: 'application/pdf', recognised: ['application/pdf'] },
  '.zip': { content_type: 'application/zip', recognised: 'zip' },
  '.mp3': { content_type: 'audio/mpeg', recognised: ['audio/mpeg'] },
  '.mp4': { content_type: 'video/mp4', recognised: MP4_FAMILY },
  '.webm': { content_type: 'video/webm', recognised: ['video/webm'] },
  '.txt': { content_type: 'text/plain', recognised: 'text' },
  '.md': { content_type: 'text/markdown', recognised: 'text' },
  '.csv': { content_type: 'text/csv', recognised: 'text' },
};

const BY_CONTENT_TYPE = new Map(Object.values(KNOWN_TYPES).map((type) => [type.content_type, type]));
export const typeOf = (contentType: string): FileType | undefined => BY_CONTENT_TYPE.get(contentType);

/** First bytes that the check needs. */
export const HEAD_BYTES = 4100;

// Formats that may be pure ASCII. Other matches in a text are chance ("BM …" is no bitmap).
const ASCII_FORMATS = new Set(['application/pdf', 'application/rtf', 'application/postscript', 'image/gif']);

/** A local file header, or the end of an archive without files. */
const beginsAsZip = (head: Uint8Array): boolean =>
  ['PK\x03\x04', 'PK\x05\x06'].includes(Buffer.from(head.subarray(0, 4)).toString('latin1'));

export async function headFits(type: FileType, head: Uint8Array): Promise<boolean> {
  if (type.recognised === 'zip') return beginsAsZip(head);
  const found = await fileTypeFromBuffer(head);
  if (type.recognised === 'text') return found === undefined || !ASCII_FORMATS.has(found.mime);
  return found !== undefined && type.recognised.includes(found.mime);
}

/** The number of last bytes that start a character which continues in the next chunk. */
function unfinished(bytes: Uint8Array): number {
  for (let i = 1; i <= Math.min(3, bytes.length); i++) {
    const byte = bytes[bytes.length - i] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > i ? i : 0;
  }
  return 0;
}

/**
 * Checks a stream: call it with each chunk in order, and without one at the end. Returns false as
 * soon as the bytes are no text.
 */
export function createTextCheck(): (chunk?: Uint8Array) => boolean {
  let carry: Uint8Array = Buffer.alloc(0);
  return (chunk) => {
    if (chunk === undefined) return carry.length === 0;
    const bytes = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    const rest = unfinished(bytes);
    carry = Buffer.from(bytes.subarray(bytes.length - rest));
    return !chunk.includes(0) && isUtf8(bytes.subarray(0, bytes.length - rest));
  };
}
