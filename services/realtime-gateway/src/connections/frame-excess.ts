// Handles frames over the user's budget and frames after our close frame: an error frame, a pause
// in reading, and the end of connections that continue.
import { AppError } from '@chatapi/kit';
import type { Node } from '../context.ts';
import type { Connection } from '../state.ts';
import { sendErrorFrame } from '../wire/error-frame.ts';
import { isOverloaded, resumeReading, stopReading } from '../wire/pause-reading.ts';
import { CLOSE, closeConnection } from './connections.ts';

/** Frames over the budget within this time of each other are one run. */
const RUN_MS = 2000;
const MAX_EXCESS_MS = 10_000;
const PAUSE_MS = 250;
/** For frames in flight when we closed, and for the client's close frame. */
const LATE_MS = 5000;

export const budgetExceeded = (waitMs: number): AppError => {
  const retry_after_s = Math.max(1, Math.ceil(waitMs / 1000));
  return new AppError('RATE_LIMIT_EXCEEDED', 'Too many frames: wait for the limit to reset', {
    details: { retry_after_s },
  });
};

/** @returns milliseconds for which the connection has been over its budget. */
function noteExcess(c: Connection, now: number): number {
  if (c.excess === undefined || now - c.excess.last > RUN_MS) c.excess = { since: now, last: now };
  c.excess.last = now;
  return now - c.excess.since;
}

/** For the error frame, so that the client knows which message to send again. */
function clientIdOf(data: Buffer): string | undefined {
  try {
    const { client_id } = JSON.parse(data.toString()) as { client_id?: unknown };
    return typeof client_id === 'string' ? client_id.slice(0, 64) : undefined;
  } catch {
    return undefined;
  }
}

/** @returns whether the frame is within the budget of its user. */
export function isWithinBudget(node: Node, c: Connection, data: Buffer): boolean {
  const now = Date.now();
  const waitMs = node.frameBudget.take(c.user.id, data.length, now);
  if (waitMs === 0) return true;
  if (noteExcess(c, now) >= MAX_EXCESS_MS) {
    closeConnection(node, c, CLOSE.tooMany, 'too many frames');
    return false;
  }
  // No more errors for a client that does not read them.
  if (!isOverloaded(c)) sendErrorFrame(node, c, budgetExceeded(waitMs), clientIdOf(data));
  if (c.paused) return false;
  stopReading(c);
  setTimeout(resumeReading, PAUSE_MS, c).unref();
  return false;
}

/** Slows down reading of frames after our close frame, and ends the socket after LATE_MS. */
export function handleFrameAfterClose(c: Connection): void {
  if (!c.sentAfterClose) setTimeout(() => c.transport.terminate(), LATE_MS).unref();
  c.sentAfterClose = true;
  if (c.paused) return;
  stopReading(c);
  // Whatever is unsent: the client's close frame may be next.
  setTimeout(() => {
    c.paused = false;
    c.transport.resume();
  }, PAUSE_MS).unref();
}
