// Owns: what a file's name becomes before anybody else sees it: one path segment, one line, at most 255 bytes, no markup.
import { cleanText } from '@chatapi/kit';

const MAX_BYTES = 255;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/g;
const RESERVED = /[<>:"|?*\\/]/g;

/** The ending with its dot in lower case; `.jpeg` is `.jpg`; '' when there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  const extension = dot < 0 ? '' : name.slice(dot).toLowerCase();
  return extension === '.jpeg' ? '.jpg' : extension;
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

/** A name that is safe in any header, page or file system; its ending stays. */
export function safeFilename(given: string): string {
  const base = given.toWellFormed().split(/[\\/]/).at(-1) as string;
  const clean = cleanText(base.replace(INVISIBLE, ''))
    .replace(RESERVED, '_')
    .trim()
    // From where a run begins: from each place in it would take its square.
    .replace(/(?<![. ])[. ]+$/, '');
  const dot = clean.lastIndexOf('.');
  const ending = dot < 0 ? '' : cut(clean.slice(dot), 32);
  const stem = (dot < 0 ? clean : clean.slice(0, dot)).replace(/^[. ]+/, '');
  return cut(stem === '' ? 'file' : stem, MAX_BYTES - Buffer.byteLength(ending)) + ending;
}

const encoded = (name: string): string =>
  encodeURIComponent(name).replace(/['()*!]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** RFC 6266: an ASCII name for old clients, the real one as `filename*`. */
export function contentDisposition(kind: 'inline' | 'attachment', name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]/g, '_').replace(/["\\%]/g, '_');
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded(name)}`;
}
