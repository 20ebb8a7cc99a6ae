// The growth benchmark: what grows, in which steps, and the workload at each step.
import { setTimeout as sleep } from 'node:timers/promises';
import { HISTORY_ROOM } from './fixture.ts';
import { addMembers, addMessages, addRooms, type Owner } from './fixture-store.ts';
import type { Work } from './workload.ts';

interface Ground {
  owner: Owner;
  /** Ids of the users that connect. */
  people: string[];
}

export interface Step {
  size: number;
  /** Grows the data to this size. */
  grow(ground: Ground): Promise<unknown>;
  /** Workloads by the title of their line. */
  works: Record<string, Work>;
}

export const PEOPLE = 100;
/**
 * Rooms created directly in the database send no signals: a node must forget its users to see them.
 */
const FORGOTTEN_MS = 8000;
export const IN_FLIGHT = 16;
const SERIES = 'bench-series-';

const speak = (prefix: string, rooms: number, connected = PEOPLE): Work => ({
  kind: 'speak',
  prefix,
  rooms,
  connected,
  inFlight: IN_FLIGHT,
  messages: 2000,
});

/** Each step gets the size of the previous one. */
const steps = (sizes: number[], step: (size: number, before: number) => Omit<Step, 'size'>, start = 0): Step[] =>
  sizes.map((size, i) => ({ size, ...step(size, sizes[i - 1] ?? start) }));

const members = steps(
  [2, 50, 500, 5000],
  (size, before) => ({
    grow: ({ owner }) => addMembers(owner, HISTORY_ROOM, before, size - 1),
    works: { 'members of the room, two of them connected': speak(HISTORY_ROOM, 1, 2) },
  }),
  2,
);

const tenfold = (from: number, most: number): number[] => (from > most ? [] : [from, ...tenfold(from * 10, most)]);

const history = (to: number): Step[] =>
  steps([0, ...tenfold(10_000, to)], (size, before) => ({
    grow: ({ owner, people }) => addMessages(owner, HISTORY_ROOM, people[0] as string, size - before),
    works: { 'messages in the room': speak(HISTORY_ROOM, 1, 2) },
  }));

// The first message of a room needs lookups, and one message per commit and room writes more rows.
const rooms = steps([10, 100, 1000, 10_000, 100_000], (size, before) => ({
  grow: async ({ owner, people }) => {
    await addRooms(owner, SERIES, before, size, people);
    await sleep(FORGOTTEN_MS);
  },
  works: {
    'rooms that exist, ten of them spoken in': speak(SERIES, 10),
    'rooms spoken in, one after the other': speak(SERIES, size),
  },
}));

/** All run on one product, in this order: later ones use other rooms than earlier ones. */
export const AXES = ['members', 'history', 'rooms', 'nodes'] as const;
export type Axis = (typeof AXES)[number];

export const stepsOf = (axis: Exclude<Axis, 'nodes'>, to: number): Step[] =>
  axis === 'history' ? history(to) : { members, rooms }[axis];

export const NODES = [1, 2, 4];
const HUNDRED = 100;
/** The same rooms on an increasing number of nodes. */
export const nodesStep = (size: number): Step => ({
  size,
  grow: ({ owner, people }) => addRooms(owner, SERIES, 0, HUNDRED, people),
  works: { 'realtime nodes; 100 rooms of two people': speak(SERIES, HUNDRED) },
});
