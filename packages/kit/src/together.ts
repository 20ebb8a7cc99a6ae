// Owns: many writes of one turn of the event loop leaving as one: each is a call of the kernel and wakes the other end.
import type { Writable } from 'node:stream';

/** What is written to `stream` from now until the promises of this turn have settled leaves together. */
export function together(stream: Writable): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}
