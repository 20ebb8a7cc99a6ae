// Safe file names: one path segment, one line, at most 255 bytes, no markup.
import { cleanText } from '@chatapi/kit';
import { create } from 'content-disposition';

const MAX_BYTES = 255;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression is made to find them
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g;
const RESERVED = /[<>:"|?*\\/]/g;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression is made to find them
const CONTROL = /[\u0000-\u001f\u007f]/;
/** Windows opens these as devices, whatever extension follows. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=[. ]|$)/i;

/** The extension in lower case with its dot, `.jpg` for `.jpeg`; '' when there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  const extension = dot < 0 ? '' : name.slice(dot).toLowerCase();
  return extension === '.jpeg' ? '.jpg' : extension;
}

/**
 * The extensions of a name as sent, by every reading that a file system may have of it: as it is;
 * up to a control character, where C ends a string; up to a colon, behind which Windows has the
 * name of a stream. Trailing dots and blanks stay: where Windows drops them, the readings differ.
 */
export function extensionsOf(given: string): string[] {
  const base = given.split(/[\\/]/).at(-1) as string;
  const readings = [base, base.split(CONTROL, 1)[0] as string, base.split(':', 1)[0] as string];
  return [...new Set(readings.map(extensionOf))];
}

function cut(text: string, bytes: number): string {
  let out = '';
  let used = 0;
  for (const char of text) {
    used += Buffer.byteLength(char);
    if (used > bytes) break;
    out += char;
  }
  return out;
}

/** A name that is safe in headers, pages and file systems. Keeps the extension. */
export function safeFilename(given: string): string {
  const base = given.toWellFormed().split(/[\\/]/).at(-1) as string;
  const clean = cleanText(base.replace(INVISIBLE, ''))
    .replace(RESERVED, '_')
    .trim()
    // Only from the start of a run: matching from each place in it would take quadratic time.
    .replace(/(?<![. ])[. ]+$/, '');
  const dot = clean.lastIndexOf('.');
  const ending = dot < 0 ? '' : cut(clean.slice(dot), 32);
  const stem = (dot < 0 ? clean : clean.slice(0, dot)).replace(/^[. ]+/, '').replace(DEVICE, '_$&');
  return cut(stem === '' ? 'file' : stem, MAX_BYTES - Buffer.byteLength(ending)) + ending;
}

/** RFC 6266. A name that is not ASCII is `filename*`, with an ASCII `filename` for old clients. */
export const contentDisposition = (type: 'inline' | 'attachment', name: string): string =>
  create(name, { type, fallback: name.replace(/[^\x20-\x7e]|["\\%]/g, '_') });
