// Connections that do not read: they are closed after 60 s without progress.
import { CLOSE, closeConnection } from '../connections/connections.ts';
import type { Node } from '../context.ts';
import { drained } from '../rooms/feed.ts';
import type { Connection } from '../state.ts';

const MAX_STALL_MS = 60_000;

/** Bytes not yet taken by the kernel. Node has no public API for the rest of a pending write. */
const bytesInFlight = ({ socket }: Connection): number =>
  socket.writableLength + ((socket as { _handle?: { writeQueueSize?: number } })._handle?.writeQueueSize ?? 0);

/** Closes a lagging connection that makes no progress. One that drains slowly stays. */
export function watchLagging(node: Node, c: Connection, now: number): void {
  drained(node, c);
  // A held stream waits for us, not for its reader.
  if (c.lag === undefined || c.stream?.held) return;
  const unsent = bytesInFlight(c);
  if (unsent < c.lag.unsent) c.lag = { since: now, unsent };
  else if (now - c.lag.since > MAX_STALL_MS) closeConnection(node, c, CLOSE.stalled, 'no progress for 60 s');
}
