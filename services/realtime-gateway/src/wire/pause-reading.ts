// Back-pressure: a client with too many unread responses or unanswered sends is not read from.
import type { Connection } from '../state.ts';
import { HIGH_WATER, unsent } from './writer.ts';

const MAX_UNANSWERED = 256;

export const isOverloaded = (c: Connection): boolean =>
  unsent(c) > HIGH_WATER || (c.sends !== undefined && c.sends.length >= MAX_UNANSWERED);

export function stopReading(c: Connection): void {
  if (c.paused) return;
  c.paused = true;
  c.transport.pause();
}

export function resumeReading(c: Connection): void {
  if (!c.paused || isOverloaded(c)) return;
  c.paused = false;
  c.transport.resume();
}
