// Writes text frames: all frames of a connection within one event-loop turn go out in one write.
// Writes go to the raw socket as whole frames, so `ws` can write control frames between them.
import { setImmediate } from 'node:timers';
import type { Connection } from '../state.ts';

/** Unsent bytes above which a connection is not written to, but fed from the log as it drains. */
export const HIGH_WATER = 256 * 1024;

export interface Writer {
  /** `bytes` holds `frames` whole frames; the number is for metrics only. */
  write(connection: Connection, bytes: Buffer, frames?: number): void;
  /** Writes now instead of at the end of the turn. Needed before a close frame. */
  flush(connection: Connection): void;
  /** What is written at the end of this turn was committed at this time (ms) or later. */
  noteCommitted(at: number): void;
  /** Frames written since start. */
  readonly frames: number;
}

export const unsent = (c: Connection): number => c.socket.writableLength + c.pendingBytes;

/** Whether the connection can't take an event of the room now. */
export const mustWait = (c: Connection, room: string): boolean =>
  unsent(c) > HIGH_WATER || (c.stream !== undefined && !c.stream.canTake(room));

const same = (a: Buffer[], b: Buffer[]): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** @param onDelivered gets the oldest commit time of what a turn wrote, once per turn. */
export function createWriter(onDelivered: (committedAt: number) => void = () => undefined): Writer {
  let dirty: Connection[] = [];
  let written = 0;
  /** 0: unknown. */
  let committedAt = 0;
  // Members of a room mostly get the same frames in a turn: the joined buffer is reused for all.
  let lastParts: Buffer[] = [];
  let lastJoined: Buffer = Buffer.alloc(0);

  function join(parts: Buffer[], bytes: number): Buffer {
    if (parts.length === 1) return parts[0] as Buffer;
    if (!same(parts, lastParts)) {
      lastParts = parts;
      lastJoined = Buffer.concat(parts, bytes);
    }
    return lastJoined;
  }

  function flush(c: Connection): void {
    if (c.pendingFrames === undefined) return;
    const { pendingFrames, pendingBytes } = c;
    c.pendingFrames = undefined;
    c.pendingBytes = 0;
    if (c.transport.readyState !== c.transport.OPEN) return;
    c.socket.write(join(pendingFrames, pendingBytes));
  }

  function flushAll(): void {
    const all = dirty;
    dirty = [];
    for (const c of all) flush(c);
    lastParts = [];
    if (committedAt > 0) onDelivered(committedAt);
    committedAt = 0;
  }

  return {
    write(c, bytes, frames = 1) {
      if (c.closed) return;
      written += frames;
      if (c.pendingFrames === undefined) {
        if (dirty.length === 0) setImmediate(flushAll);
        c.pendingFrames = [];
        dirty.push(c);
      }
      c.pendingFrames.push(bytes);
      c.pendingBytes += bytes.length;
    },
    flush,
    noteCommitted(at) {
      if (dirty.length > 0 && (committedAt === 0 || at < committedAt)) committedAt = at;
    },
    get frames() {
      return written;
    },
  };
}
