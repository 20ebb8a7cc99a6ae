// A system that can be measured: the product or a reference server.
import type { Place, Work } from '../workload.ts';

export interface System {
  name: string;
  does(work: Work): boolean;
  /** Called before each workload, since its tokens may expire. */
  place(): Place;
  /** Process ids of the servers by name, for CPU times. */
  pids(): Record<string, number>;
  /** Name of the realtime node whose memory is measured and which is killed. */
  firstNode: string;
  /** Kills the first node, which is then restarted. */
  killFirst(): void;
  /** Resolves when all processes answer. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** Users in the measured room. */
export const PEOPLE = 400;
export const ROOM = 'bench-room';
/** The rooms of the workload with a killed node; each user is in one of them. */
export const CUT_ROOMS = Array.from({ length: 10 }, (_, i) => `bench-cut-${i}`);
export const cutRoomOf = (i: number): string => CUT_ROOMS[i % CUT_ROOMS.length] as string;
