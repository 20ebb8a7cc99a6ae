export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: number[]): number => percentile(values, 0.5);

/** Three significant digits; more would be noise. */
export const short = (value: number): string =>
  Number.isNaN(value) ? '–' : Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 2 });
