// Owns: what grows, in which steps, and what is said at each.
import { setTimeout as sleep } from 'node:timers/promises';
import { HISTORY_ROOM } from './fixture.ts';
import { addMembers, addMessages, addRooms, type Owner } from './fixture-store.ts';
import type { Work } from './work.ts';

export interface Ground {
  owner: Owner;
  /** Ids of all who connect. */
  people: string[];
}

export interface Step {
  size: number;
  /** Makes it that large. */
  grow(ground: Ground): Promise<unknown>;
  /** By what the line is called. */
  works: Record<string, Work>;
}

export const PEOPLE = 100;
/** Rooms made behind the services' back are in no signal: until a node has forgotten who was here, it knows nothing of them. */
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

/** Each step with the size of the one before it. */
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

// A room that is spoken in for the first time is looked up first; and one message a commit and room writes more rows than many.
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

/** Done on one product, in this order: what the first leave behind is in rooms that the later ones do not speak in. */
export const AXES = ['members', 'history', 'rooms', 'nodes'] as const;
export type Axis = (typeof AXES)[number];

export const stepsOf = (axis: Exclude<Axis, 'nodes'>, to: number): Step[] =>
  axis === 'history' ? history(to) : { members, rooms }[axis];

export const NODES = [1, 2, 4];
const HUNDRED = 100;
/** The same rooms on ever more nodes. */
export const nodesStep = (size: number): Step => ({
  size,
  grow: ({ owner, people }) => addRooms(owner, SERIES, 0, HUNDRED, people),
  works: { 'realtime nodes; 100 rooms of two people': speak(SERIES, HUNDRED) },
});
