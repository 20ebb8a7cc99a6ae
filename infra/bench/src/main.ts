// `npm run bench -- --quick`: the product and its peers in turn on the same work; medians of the rounds, one table.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { startBareWs } from './bare-ws.ts';
import { type Measured, measure } from './measure.ts';
import { startProduct } from './product.ts';
import { profiling, topFunctions } from './profile.ts';
import type { System } from './system.ts';
import { HEAD, line } from './table.ts';
import type { Work } from './work.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true },
    'product-only': { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});
const long = values.quick ? 1 : 3;

const WORKS: { work: Work; unit: string }[] = [
  // First, on fresh processes: later, memory that was freed would be used again.
  { work: { kind: 'idle', connections: values.quick ? 1000 : 5000 }, unit: 'connection' },
  { work: { kind: 'room', inFlight: 8, messages: 250 * long }, unit: 'delivery' },
  { work: { kind: 'paced', perSecond: 20, messages: 60 * long }, unit: 'delivery' },
  { work: { kind: 'pairs', pairs: 200, seconds: 3 * long }, unit: 'message' },
  { work: { kind: 'rest', parallel: 32, seconds: 3 * long }, unit: 'message' },
];

const kinds = WORKS.map(({ work }) => work.kind);
const { only = kinds } = values;
const unknown = only.filter((kind) => !kinds.some((known) => known === kind));
if (unknown.length > 0) throw new Error(`--only takes ${kinds.join(', ')}, not ${unknown.join(', ')}`);
const profiles = values.profile ? profiling() : undefined;

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const doesWork = (system: System, work: Work): boolean => work.kind !== 'rest' || system.place.gateway !== undefined;

async function rounds(systems: System[], work: Work, count: number): Promise<Map<string, Measured[]>> {
  const measured = new Map<string, Measured[]>();
  for (let round = 1; round <= count; round++) {
    for (const system of systems.filter((s) => doesWork(s, work))) {
      say(`${work.kind}, round ${round}: ${system.name}`);
      measured.set(system.name, [...(measured.get(system.name) ?? []), await measure(system, work)]);
    }
  }
  return measured;
}

const systems: System[] = [];
try {
  say('starting the systems');
  systems.push(await startProduct(profiles?.env));
  if (!values['product-only']) systems.push(await startBareWs());
  const rows: string[] = [];
  for (const { work, unit } of WORKS.filter((w) => only.includes(w.work.kind)))
    for (const [system, list] of await rounds(systems, work, Number(values.rounds)))
      rows.push(line({ work, unit, system, rounds: list }));
  process.stdout.write(
    `${availableParallelism()} cores, Node ${process.versions.node}, medians of ${values.rounds} rounds\n\n`,
  );
  process.stdout.write(`${[...HEAD, ...rows].join('\n')}\n`);
} finally {
  await Promise.all(systems.map((system) => system.stop()));
}
if (profiles !== undefined)
  process.stdout.write(`\n${topFunctions(profiles.dir).join('\n\n')}\n\nprofiles: ${profiles.dir}\n`);
