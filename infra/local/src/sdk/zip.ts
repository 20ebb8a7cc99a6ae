// Writes a zip archive, such as a Python wheel.
import { crc32, deflateRawSync } from 'node:zlib';

const DEFLATE = 8;
const VERSION = 20;
/** Names are UTF-8. */
const UTF8 = 0x800;
/** 1980-01-01, the first day that the format has: equal contents are equal bytes. */
const DATE = 0x21;
/** A regular file that all may read. */
const MODE = (0o100644 << 16) >>> 0;

/** What the header of a file and its entry in the directory have in common. */
function common(name: string, contents: Uint8Array, packed: Uint8Array): Buffer {
  const part = Buffer.alloc(26);
  part.writeUInt16LE(VERSION, 0);
  part.writeUInt16LE(UTF8, 2);
  part.writeUInt16LE(DEFLATE, 4);
  part.writeUInt16LE(DATE, 8);
  part.writeUInt32LE(crc32(contents), 10);
  part.writeUInt32LE(packed.length, 14);
  part.writeUInt32LE(contents.length, 18);
  part.writeUInt16LE(Buffer.byteLength(name), 22);
  return part;
}

function entryOf(name: string, shared: Buffer, offset: number): Buffer {
  const head = Buffer.from('PK\x01\x02\x00\x00', 'latin1');
  head.writeUInt16LE(VERSION + 3 * 256, 4);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(MODE, 6);
  rest.writeUInt32LE(offset, 10);
  return Buffer.concat([head, shared, rest, Buffer.from(name)]);
}

export function zip(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const parts: Uint8Array[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, contents] of files) {
    const packed = deflateRawSync(contents, { level: 9 });
    const shared = common(name, contents, packed);
    directory.push(entryOf(name, shared, at));
    const part = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, Buffer.from(name), packed]);
    parts.push(part);
    at += part.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.from(`PK\x05\x06${'\0'.repeat(18)}`, 'latin1');
  end.writeUInt16LE(files.size, 8);
  end.writeUInt16LE(files.size, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
