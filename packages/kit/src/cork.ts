// Joins the writes of one turn of the event loop into one system call.
import type { Writable } from 'node:stream';

/** Buffers what is written to `stream` until the promises of this turn have settled. */
export function corkUntilNextTick(stream: Writable): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}
