// What can be measured: the product, or a peer that does the same work in its own way.
import type { Place, Work } from '../work.ts';

export interface System {
  name: string;
  does(work: Work): boolean;
  /** Asked for anew before each work: what it holds may expire. */
  place(): Place;
  /** Server processes by name: what they use is counted. */
  pids(): Record<string, number>;
  /** The realtime node that memory is measured of, and that is killed. */
  firstNode: string;
  /** SIGKILL to the first node, which is then started again. */
  killFirst(): void;
  /** Resolves when all processes answer again. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** In the room that is measured. */
export const PEOPLE = 400;
export const ROOM = 'bench-room';
/** Rooms that the work with a killed node goes to, each person in one of them. */
export const CUT_ROOMS = Array.from({ length: 10 }, (_, i) => `bench-cut-${i}`);
export const cutRoomOf = (i: number): string => CUT_ROOMS[i % CUT_ROOMS.length] as string;
