// The position of every room of a user as text: a saved base, if there is one, and the rooms that
// moved since. Rooms are named by a hash, so that a cursor stays far below its limit of 4 KiB.
import { createHash } from 'node:crypto';
import { AppError } from '@chatapi/kit';

/** Also of a user whose rooms need no base. */
export const MAX_MOVED = 100;
const MAX_LENGTH = 4096;
const VERSION = 1;
const BASE_BYTES = 16;
const KEY_BYTES = 6;
const MORE = 0x80;

export interface Cursor {
  /** Id of a saved base. Rooms that neither it nor `moved` has were joined later. */
  base: string | undefined;
  /** The last seq by the room's key. */
  moved: ReadonlyMap<string, number>;
}

/** 48 bits: among 10,000 rooms of a user, two are the same in one of five million cases. */
export const keyOf = (room: string): string =>
  createHash('sha256')
    .update(room)
    .digest('base64url')
    .slice(0, (KEY_BYTES * 4) / 3);

function pushNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= MORE; rest = Math.floor(rest / MORE)) bytes.push((rest % MORE) | MORE);
  bytes.push(rest);
}

export function encodeCursor({ base, moved }: Cursor): string {
  const bytes: number[] = [VERSION, base === undefined ? 0 : 1];
  if (base !== undefined) bytes.push(...Buffer.from(base, 'hex'));
  for (const [key, seq] of moved) {
    bytes.push(...Buffer.from(key, 'base64url'));
    pushNumber(bytes, seq);
  }
  return Buffer.from(bytes).toString('base64url');
}

const invalid = (): AppError =>
  new AppError('VALIDATION_ERROR', 'This is no position of a stream', {
    details: { fields: [{ path: 'cursor', message: 'must be the id of an event of this stream' }] },
  });

class Reader {
  private at = 0;
  private readonly bytes: Buffer;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
  get isDone(): boolean {
    return this.at === this.bytes.length;
  }
  take(length: number): Buffer {
    const part = this.bytes.subarray(this.at, this.at + length);
    if (part.length < length) throw invalid();
    this.at += length;
    return part;
  }
  number(): number {
    let value = 0;
    for (let factor = 1; ; factor *= MORE) {
      const [byte] = this.take(1) as unknown as [number];
      value += (byte % MORE) * factor;
      if (value > Number.MAX_SAFE_INTEGER) throw invalid();
      if (byte < MORE) return value;
    }
  }
}

/** @throws AppError VALIDATION_ERROR */
export function decodeCursor(text: string): Cursor {
  if (text.length > MAX_LENGTH || !/^[A-Za-z0-9_-]+$/.test(text)) throw invalid();
  const reader = new Reader(Buffer.from(text, 'base64url'));
  const [version, hasBase] = reader.take(2) as unknown as [number, number];
  if (version !== VERSION || hasBase > 1) throw invalid();
  const base = hasBase === 1 ? reader.take(BASE_BYTES).toString('hex') : undefined;
  const moved = new Map<string, number>();
  while (!reader.isDone) moved.set(reader.take(KEY_BYTES).toString('base64url'), reader.number());
  return { base, moved };
}
