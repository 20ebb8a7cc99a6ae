// Pictures made to hurt whoever decodes them, each of at most some hundred kB.
import { constants, crc32, deflateRawSync } from 'node:zlib';

// The smallest PNG that is one: 1 x 1.
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

const chunk = (type: string, data: Buffer): Buffer => {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  data.copy(out, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
};

const BLOCK = 16 * 1024 * 1024;
const HEAD = Buffer.from([0x78, 0xda]);
const deflated = (count: number, finishFlush: number): Buffer =>
  deflateRawSync(Buffer.alloc(count), { level: 9, finishFlush });
/** Ends on a byte, and what follows does not look back at it: it may be repeated. */
let block: Buffer | undefined;

/** So many zero bytes, compressed: hundreds of MB are made of one block, again and again. */
function zeros(count: number): Buffer {
  block ??= deflated(BLOCK, constants.Z_FULL_FLUSH);
  const blocks = Array<Buffer>(Math.floor(count / BLOCK)).fill(block);
  // Adler-32 of zeros: their sum stays 1, so the sum of the sums is their number.
  const checksum = Buffer.alloc(4);
  checksum.writeUInt16BE(count % 65_521, 0);
  checksum.writeUInt16BE(1, 2);
  return Buffer.concat([HEAD, ...blocks, deflated(count % BLOCK, constants.Z_FINISH), checksum]);
}

export interface Kind {
  /** Bits a sample, and samples a pixel: 1 is grey, 4 is colour with alpha. */
  depth: 1 | 8 | 16;
  samples: 1 | 4;
  interlaced?: boolean;
  more?: Buffer[];
}

const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const WHOLE = [[0, 0, 1, 1]] as const;

/** A square and empty PNG. */
export function png(side: number, { depth, samples, interlaced = false, more = [] }: Kind): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([depth, samples === 4 ? 6 : 0, 0, 0, interlaced ? 1 : 0], 8);
  let bytes = 0;
  for (const [x, y, dx, dy] of interlaced ? PASSES : WHOLE)
    bytes += Math.ceil((side - y) / dy) * (1 + Math.ceil((Math.ceil((side - x) / dx) * depth * samples) / 8));
  const rows = chunk('IDAT', zeros(bytes));
  return Buffer.concat([PNG.subarray(0, 8), chunk('IHDR', head), ...more, rows, chunk('IEND', Buffer.alloc(0))]);
}

/** A chunk of text, or a colour profile, that unpacks to so many bytes. */
export const packed = (type: 'zTXt' | 'iCCP', count: number): Buffer =>
  chunk(type, Buffer.concat([Buffer.from('a\0\0', 'latin1'), zeros(count)]));

/** An animation that claims so many frames and has one. */
export const claimedFrames = (count: number): Buffer => {
  const data = Buffer.alloc(8);
  data.writeUInt32BE(count, 0);
  return chunk('acTL', data);
};

const word = (n: number): [number, number] => [n & 255, n >> 8];

/** An animation of so many frames of one pixel, on a canvas of this side. */
export function gif(side: number, frames: number): Buffer {
  const head = Buffer.from([
    ...Buffer.from('GIF89a'),
    ...word(side),
    ...word(side),
    0x80,
    0,
    0,
    0,
    0,
    0,
    255,
    255,
    255,
  ]);
  const frame = Buffer.from([0x21, 0xf9, 4, 0, 1, 0, 0, 0, 0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0]);
  return Buffer.concat([head, ...Array.from({ length: frames }, () => frame), Buffer.from([0x3b])]);
}

const fourcc = (name: string, data: Buffer): Buffer => {
  const out = Buffer.alloc(8 + data.length + (data.length & 1));
  out.write(name, 0, 'latin1');
  out.writeUInt32LE(data.length, 4);
  data.copy(out, 8);
  return out;
};

/**
 * An animated WebP whose frames, all the same lossless pixel, say that they fill a canvas of this
 * side.
 */
export function webp(side: number, frames: number): Buffer {
  const size = [side - 1, side - 1].flatMap((n) => [n & 255, (n >> 8) & 255, (n >> 16) & 255]);
  const pixel = fourcc(
    'VP8L',
    Buffer.from([0x2f, 0, 0, 0, 0x10, 0x07, 0x10, 0x11, 0x11, 0x88, 0x88, 0x08, 0x0f, 0x01]),
  );
  const parts = [
    fourcc('VP8X', Buffer.from([0x02, 0, 0, 0, ...size])),
    fourcc('ANIM', Buffer.from([0, 0, 0, 0, 0, 0])),
    ...Array.from({ length: frames }, () =>
      fourcc('ANMF', Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, ...size, 1, 0, 0, 0]), pixel])),
    ),
  ];
  return fourcc('RIFF', Buffer.concat([Buffer.from('WEBP'), ...parts]));
}
