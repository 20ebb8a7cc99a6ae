// Reads counters from the metrics of instances.
import { type Instance, internalUrlOf } from '@chatapi/local';

/** @returns the sum of a metric's series; 0 if it has none. */
async function read(instance: Instance, name: string): Promise<number> {
  const text = await (await fetch(`${internalUrlOf(instance)}/metrics`)).text();
  const series = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm');
  return [...text.matchAll(series)].reduce((sum, [, value]) => sum + Number(value), 0);
}

export const readAll = (instances: Instance[], name: string): Promise<number[]> =>
  Promise.all(instances.map((instance) => read(instance, name)));

export interface Shares {
  /** Of the mean, per instance: 1 is an even share. */
  lowest: number;
  highest: number;
  /** The sum over all instances. */
  total: number;
}

export function sharesOf(numbers: number[]): Shares {
  const total = numbers.reduce((sum, n) => sum + n, 0);
  const mean = total / numbers.length;
  return { lowest: Math.min(...numbers) / mean, highest: Math.max(...numbers) / mean, total };
}
