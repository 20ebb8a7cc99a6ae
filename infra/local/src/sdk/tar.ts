// Writes a `.tgz` as npm reads it: plain files, with names of at most 100 bytes.
import { gzipSync } from 'node:zlib';

const BLOCK = 512;
/** npm's own packages bear this time, so that equal contents are equal bytes. */
const MTIME = Date.UTC(1985, 9, 26, 8, 15) / 1000;

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;

function headerOf(name: string, size: number): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`${name}: the name is too long for the archive`);
  const header = Buffer.alloc(BLOCK);
  const put = (text: string, at: number): void => void header.write(text, at);
  put(name, 0);
  put(octal(0o644, 8), 100);
  put(octal(0, 8), 108);
  put(octal(0, 8), 116);
  put(octal(size, 12), 124);
  put(octal(MTIME, 12), 136);
  // The checksum counts its own place as spaces.
  put('        ', 148);
  put('0', 156);
  put('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

export function tgz(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const blocks: Uint8Array[] = [];
  for (const [name, contents] of files)
    blocks.push(headerOf(name, contents.length), contents, Buffer.alloc((BLOCK - (contents.length % BLOCK)) % BLOCK));
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 9 });
}
