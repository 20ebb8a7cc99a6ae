// `npm run bench -- --quick`: the product and its peers in turn on the same work; medians of the rounds, one table.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { startBareWs } from './bare-ws.ts';
import { type Measured, measure } from './measure.ts';
import { startProduct } from './product.ts';
import type { System } from './system.ts';
import { HEAD, line } from './table.ts';
import type { Work } from './work.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string', default: '3' } },
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
  say('starting the cluster and its peer');
  systems.push(await startProduct(), await startBareWs());
  const rows: string[] = [];
  for (const { work, unit } of WORKS)
    for (const [system, list] of await rounds(systems, work, Number(values.rounds)))
      rows.push(line({ work, unit, system, rounds: list }));
  process.stdout.write(
    `${availableParallelism()} cores, Node ${process.versions.node}, medians of ${values.rounds} rounds\n\n`,
  );
  process.stdout.write(`${[...HEAD, ...rows].join('\n')}\n`);
} finally {
  await Promise.all(systems.map((system) => system.stop()));
}
