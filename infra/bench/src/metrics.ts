// Metrics computed from measurements, of one round and of several.
import type { Measured } from './measure.ts';
import { percentile } from './stats.ts';

const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);

/** Combines the instances of a service. */
const groupOf = (name: string): string => name.replace(/-\d+$/, '');

/** CPU time in µs per unit, over all processes. */
export const cpuOf = (m: Measured): number => sum(Object.values(m.cpu_us)) / m.units;

/** The same per service. */
export function cpuByGroup(m: Measured): Record<string, number> {
  const groups: Record<string, number> = {};
  for (const [name, us] of Object.entries(m.cpu_us))
    groups[groupOf(name)] = (groups[groupOf(name)] ?? 0) + us / m.units;
  return groups;
}

export const rateOf = (m: Measured): number => (m.units * 1000) / m.ms;
export const latencyOf = (m: Measured, share: number): number => percentile(m.latencies, share);
export const memoryOf = (m: Measured): number => m.grown_kib / m.units;

/** All rounds of all workloads of all systems. */
export type Book = Map<string, Map<string, Measured[]>>;

export function note(book: Book, work: string, system: string, measured: Measured): void {
  const bySystem = book.get(work) ?? new Map<string, Measured[]>();
  book.set(work, bySystem.set(system, [...(bySystem.get(system) ?? []), measured]));
}
