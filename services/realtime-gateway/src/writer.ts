// Owns: every text frame that leaves: what one connection gets within an event-loop turn leaves in one write.
// Writes go to the raw socket, whole frames only, so `ws` may put its own (ping, pong, close) between them.
import { setImmediate } from 'node:timers';
import type { Connection } from './node.ts';

/** Above this a connection gets nothing more queued: it is fed from the log as it drains. Bytes. */
export const HIGH_WATER = 256 * 1024;

export interface Writer {
  /** `bytes` may hold several whole frames: how many is for the count alone. */
  write(connection: Connection, bytes: Buffer, frames?: number): void;
  /** Now instead of at the end of the turn: before a close frame. */
  flush(connection: Connection): void;
  /** Frames written since start. */
  readonly frames: number;
}

export const unsent = (c: Connection): number => c.socket.writableLength + c.queued;

const same = (a: Buffer[], b: Buffer[]): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

export function openWriter(): Writer {
  let dirty: Connection[] = [];
  let written = 0;
  // Members of a room mostly get the same frames in a turn: joined once, the same buffer goes to all of them.
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
    if (c.out === undefined) return;
    const { out, queued } = c;
    c.out = undefined;
    c.queued = 0;
    if (c.ws.readyState !== c.ws.OPEN) return;
    c.socket.write(join(out, queued));
  }

  function flushAll(): void {
    const all = dirty;
    dirty = [];
    for (const c of all) flush(c);
    lastParts = [];
  }

  return {
    write(c, bytes, frames = 1) {
      if (c.closed) return;
      written += frames;
      if (c.out === undefined) {
        if (dirty.length === 0) setImmediate(flushAll);
        c.out = [];
        dirty.push(c);
      }
      c.out.push(bytes);
      c.queued += bytes.length;
    },
    flush,
    get frames() {
      return written;
    },
  };
}
