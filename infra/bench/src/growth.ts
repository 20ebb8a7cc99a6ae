// `npm run bench -- growth`: what a message costs as rooms, members, history and nodes grow. What should be flat and rises by more
// than a quarter is marked.
import { availableParallelism } from 'node:os';
import { cpuOf, rateOf } from './figures.ts';
import { HISTORY_ROOM } from './fixture.ts';
import { addMembers, addMessages, addRooms, type Owner, openOwner } from './fixture-store.ts';
import { type Measured, measure } from './measure.ts';
import { median, short } from './stats.ts';
import { type Product, startProduct } from './systems/product.ts';
import type { Work } from './work.ts';

export const AXES = ['rooms', 'spoken', 'members', 'history', 'nodes'] as const;
export type Axis = (typeof AXES)[number];

export interface GrowthPlan {
  axes: Axis[];
  rounds: number;
  /** Rows of history at most. */
  to: number;
  say: (text: string) => void;
}

interface Step {
  size: number;
  /** Makes it that large. */
  grow: () => Promise<void>;
  work: Work;
}

const PEOPLE = 200;
const RISE = 1.25;
const SERIES = 'bench-series-';

const speak = (prefix: string, rooms: number, connected: number): Work => ({
  kind: 'speak',
  prefix,
  rooms,
  connected,
  inFlight: 16,
  messages: 3000,
});

const TITLES: Record<Axis, string> = {
  rooms: 'rooms that exist, their members connected; 10 are spoken in',
  spoken: 'rooms spoken in, each in turn',
  members: 'members of the room, 2 of them connected',
  history: 'messages in the room',
  nodes: 'realtime nodes; 100 rooms of two people',
};

interface Ground {
  owner: Owner;
  product: Product;
  people: string[];
}

/** Sizes that grow by ten up to `most`. */
const tenfold = (from: number, most: number): number[] => (from > most ? [] : [from, ...tenfold(from * 10, most)]);

const STEPS: Record<Exclude<Axis, 'nodes'>, (ground: Ground, to: number) => Step[]> = {
  rooms: ({ owner, people }) =>
    [10, 1000, 100_000].map((size, i, sizes) => ({
      size,
      grow: () => addRooms(owner, SERIES, sizes[i - 1] ?? 0, size, people),
      work: speak(SERIES, 10, PEOPLE),
    })),
  spoken: ({ owner, people }) =>
    [10, 1000, 100_000].map((size, i, sizes) => ({
      size,
      grow: () => addRooms(owner, `${SERIES}spoken-`, sizes[i - 1] ?? 0, size, people),
      work: speak(`${SERIES}spoken-`, size, PEOPLE),
    })),
  members: ({ owner }) =>
    [2, 50, 500, 5000].map((size, i, sizes) => ({
      size,
      grow: () => addMembers(owner, HISTORY_ROOM, sizes[i - 1] ?? 2, size - 1),
      work: speak(HISTORY_ROOM, 1, 2),
    })),
  history: ({ owner, people }, to) =>
    [0, ...tenfold(10_000, to)].map((size, i, sizes) => ({
      size,
      grow: () => addMessages(owner, HISTORY_ROOM, people[0] as string, size - (sizes[i - 1] ?? 0)),
      work: speak(HISTORY_ROOM, 1, 2),
    })),
};

async function measureStep(product: Product, work: Work, rounds: number): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (let round = 0; round < rounds; round++) measured.push(await measure(product, work));
  return measured;
}

async function onProduct<T>(nodes: number, use: (ground: Ground) => Promise<T>): Promise<T> {
  const product = await startProduct({ people: PEOPLE, nodes });
  try {
    const owner = await openOwner(product.cluster.postgresUrl);
    try {
      return await use({ owner, product, people: product.place().people.map(({ id }) => id) });
    } finally {
      await owner.end();
    }
  } finally {
    await product.stop();
  }
}

type Grown = { size: number; measured: Measured[] };

async function growNodes({ rounds, say }: GrowthPlan): Promise<Grown[]> {
  const grown: Grown[] = [];
  for (const size of [1, 2, 4]) {
    say(`nodes: ${size}`);
    const measured = await onProduct(size, async ({ owner, people, product }) => {
      await addRooms(owner, SERIES, 0, 100, people);
      return measureStep(product, speak(SERIES, 100, PEOPLE), rounds);
    });
    grown.push({ size, measured });
  }
  return grown;
}

const growOn = (axis: Exclude<Axis, 'nodes'>, { rounds, to, say }: GrowthPlan): Promise<Grown[]> =>
  onProduct(2, async (ground) => {
    const grown: Grown[] = [];
    for (const { size, grow, work } of STEPS[axis](ground, to)) {
      say(`${axis}: ${size.toLocaleString('en-US')}`);
      await grow();
      grown.push({ size, measured: await measureStep(ground.product, work, rounds) });
    }
    return grown;
  });

function lines(axis: Axis, grown: Grown[]): string[] {
  const first = median((grown[0]?.measured ?? []).map(cpuOf));
  return grown.map(({ size, measured }) => {
    const cpu = median(measured.map(cpuOf));
    const lost = measured.reduce((sum, m) => sum + (m.lost ?? 0), 0);
    const times = cpu / first;
    const cells = [
      TITLES[axis],
      size.toLocaleString('en-US'),
      short(cpu),
      short(median(measured.map(rateOf))),
      short(times),
    ];
    return `| ${[...cells, times > RISE ? 'RISES' : 'flat', lost].join(' | ')} |`;
  });
}

export async function growth(plan: GrowthPlan): Promise<string> {
  const rows: string[] = [];
  for (const axis of plan.axes)
    rows.push(...lines(axis, await (axis === 'nodes' ? growNodes(plan) : growOn(axis, plan))));
  return [
    `${availableParallelism()} cores, Node ${process.versions.node}, medians of ${plan.rounds} rounds, 16 messages under way`,
    '',
    '| what grows | size | CPU µs/message | messages/s | × the first | | lost |',
    '| --- | --: | --: | --: | --: | --- | --: |',
    ...rows,
  ].join('\n');
}
