// Owns: back-pressure on a client that sends: answers and unanswered sends of one connection are bounded.
import type { Connection } from './node.ts';
import { HIGH_WATER, unsent } from './writer.ts';

const MOST_UNANSWERED = 256;

export const isOverdrawn = (c: Connection): boolean =>
  unsent(c) > HIGH_WATER || (c.sends !== undefined && c.sends.length >= MOST_UNANSWERED);

export function stopReading(c: Connection): void {
  if (c.paused) return;
  c.paused = true;
  c.ws.pause();
}

export function readAgain(c: Connection): void {
  if (!c.paused || isOverdrawn(c)) return;
  c.paused = false;
  c.ws.resume();
}
