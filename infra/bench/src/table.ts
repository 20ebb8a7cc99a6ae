// Owns: what the figures look like on the screen.
import type { Measured } from './measure.ts';
import { median, percentile, short } from './stats.ts';
import type { Work } from './work.ts';

export interface Row {
  work: Work;
  unit: string;
  system: string;
  rounds: Measured[];
}

const GROUP: Record<string, string> = { 'node-1': 'realtime', 'node-2': 'realtime' };
/** Instances of one service are one column entry. */
const groupOf = (name: string): string => GROUP[name] ?? name.replace(/-\d+$/, '');

const perUnit = (rounds: Measured[], of: (m: Measured) => number): number => median(rounds.map((m) => of(m) / m.units));
const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);

function byProcess(rounds: Measured[]): string {
  const groups = [...new Set(Object.keys(rounds[0]?.cpu_us ?? {}).map(groupOf))];
  return groups
    .map((group): [string, number] => {
      const of = (m: Measured): number =>
        sum(Object.entries(m.cpu_us).map(([name, us]) => (groupOf(name) === group ? us : 0)));
      return [group, perUnit(rounds, of)];
    })
    .filter(([, us]) => us >= 0.05)
    .sort(([, a], [, b]) => b - a)
    .map(([group, us]) => `${group} ${short(us)}`)
    .join(', ');
}

const NAMES: Record<Work['kind'], (work: any) => string> = {
  room: (w) => `room of 400, saturated (${w.inFlight} in flight)`,
  paced: (w) => `room of 400, ${w.perSecond} messages/s`,
  pairs: (w) => `${w.pairs} pairs, closed loop`,
  rest: (w) => `REST sends, ${w.parallel} clients`,
  idle: (w) => `${w.connections} idle connections`,
};

export function line({ work, unit, system, rounds }: Row): string {
  const rate = median(rounds.map((m) => (m.units * 1000) / m.ms));
  const cpu = perUnit(rounds, (m) => sum(Object.values(m.cpu_us)));
  const times = [0.5, 0.99].map((share) => short(median(rounds.map((m) => percentile(m.latencies, share)))));
  // Of the first round: in the later ones the node uses again what it has.
  const [fresh] = rounds;
  const memory = work.kind === 'idle' && fresh !== undefined ? `${short(fresh.grown_kib / fresh.units)} KiB` : '–';
  const cells = [NAMES[work.kind](work), system, unit, short(cpu), byProcess(rounds), short(rate), ...times, memory];
  return `| ${cells.join(' | ')} |`;
}

export const HEAD = [
  '| work | system | unit | CPU µs/unit | by process | units/s | p50 ms | p99 ms | memory/unit |',
  '| --- | --- | --- | --: | --- | --: | --: | --: | --: |',
];
