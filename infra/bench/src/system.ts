// What can be measured: the product, or a peer that does the same work in its own way.
import type { Place } from './work.ts';

export interface System {
  name: string;
  place: Place;
  /** Server processes by name: what they use is counted. */
  pids(): Record<string, number>;
  /** The realtime node on which idle connections are measured. */
  firstNode: string;
  stop(): Promise<void>;
}

/** In the room that is measured. */
export const PEOPLE = 400;
