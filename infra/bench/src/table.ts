// Formats results as Markdown tables.

import type { Measured } from './measure.ts';
import { cpuByGroup, cpuOf, latencyOf, memoryOf, rateOf } from './metrics.ts';
import { median, short } from './stats.ts';
import type { Named } from './workload-list.ts';

/** Processes below this are omitted. */
const MIN_US = 0.05;

export function byProcess(rounds: Measured[]): string {
  const groups = Object.keys(cpuByGroup(rounds[0] as Measured));
  return groups
    .map((group): [string, number] => [group, median(rounds.map((m) => cpuByGroup(m)[group] ?? 0))])
    .filter(([, us]) => us >= MIN_US)
    .sort(([, a], [, b]) => b - a)
    .map(([group, us]) => `${group} ${short(us)}`)
    .join(', ');
}

function missing(rounds: Measured[]): string {
  if (rounds[0]?.lost === undefined) return '–';
  const total = (of: (m: Measured) => number | undefined): number => rounds.reduce((sum, m) => sum + (of(m) ?? 0), 0);
  const [lost, duplicated] = [total((m) => m.lost), total((m) => m.duplicated)];
  return duplicated === 0 ? lost.toLocaleString('en-US') : `${lost} (and ${duplicated} duplicated)`;
}

export function line({ title, unit, work }: Named, system: string, rounds: Measured[]): string {
  const middle = (of: (m: Measured) => number): string => short(median(rounds.map(of)));
  // From the first round: later, the node reuses freed memory.
  const memory = work.kind === 'idle' ? `${short(memoryOf(rounds[0] as Measured))} KiB` : '–';
  const { note } = rounds[0] as Measured;
  const cells = [
    note === undefined ? title : `${title} (${note})`,
    system,
    unit,
    middle(cpuOf),
    byProcess(rounds),
    middle(rateOf),
    middle((m) => latencyOf(m, 0.5)),
    middle((m) => latencyOf(m, 0.99)),
    memory,
    missing(rounds),
  ];
  return `| ${cells.join(' | ')} |`;
}

export const HEAD = [
  '| work | system | unit | CPU µs/unit | by process | units/s | p50 ms | p99 ms | memory/unit | lost |',
  '| --- | --- | --- | --: | --- | --: | --: | --: | --: | --: |',
];
