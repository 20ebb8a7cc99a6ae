// Encodes a server's WebSocket text frame (RFC 6455 §5.2: final, unmasked, uncompressed) once for
// all sockets. Control frames are written by `ws`.
import type { ServerFrame } from './node-frames.ts';

const TEXT_FINAL = 0x81;

function headerLength(size: number): number {
  if (size < 126) return 2;
  return size < 65_536 ? 4 : 10;
}

function writeHeader(frame: Buffer, size: number): void {
  frame[0] = TEXT_FINAL;
  if (size < 126) frame[1] = size;
  else if (size < 65_536) {
    frame[1] = 126;
    frame.writeUInt16BE(size, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(size, 6);
  }
}

/** Copies the payload, which may be a view of a large packet that must not stay in memory. */
export function textFrame(payload: Buffer | string): Buffer {
  const size = Buffer.byteLength(payload);
  const header = headerLength(size);
  const frame = Buffer.allocUnsafe(header + size);
  writeHeader(frame, size);
  typeof payload === 'string' ? frame.write(payload, header) : payload.copy(frame, header);
  return frame;
}

/** The payload of a frame of `textFrame`, as a view. */
export function payloadOf(frame: Buffer): Buffer {
  const short = frame[1] as number;
  return frame.subarray(short < 126 ? 2 : short === 126 ? 4 : 10);
}

export const jsonFrame = (frame: ServerFrame): Buffer => textFrame(JSON.stringify(frame));
