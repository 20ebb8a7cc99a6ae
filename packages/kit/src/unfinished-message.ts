// Finds WebSocket messages that begin and do not end. `ws` limits their size, not their time.

/** Time in ms within which a message must be complete. */
export const MAX_MESSAGE_MS = 10_000;

/** `ws` has no public API for it. A test tells when a new version differs. */
interface Receiver {
  _state: number;
  _bufferedBytes: number;
  _fragmented: number;
}

/** Whether a part of a message, or of a frame, has arrived and waits for the rest. */
export function hasUnfinishedMessage(ws: object): boolean {
  const receiver = (ws as unknown as { _receiver?: Receiver })._receiver;
  return receiver !== undefined && receiver._state + receiver._bufferedBytes + receiver._fragmented > 0;
}
