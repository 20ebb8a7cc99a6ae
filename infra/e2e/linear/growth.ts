// Growth of CPU time with input size, as a ratio of the minimum of several runs, so that a busy
// machine does not matter.

/** Maximum ratio of CPU time for ten times the input. */
const MAX_RATIO = 15;
/**
 * Maximum ratio for twice the input: quadratic work is at 4. Memory above 128 KiB costs several
 * times more on some machines, which raises the ratio for ten times the input, once.
 */
const MAX_DOUBLING = 3;
const ROUNDS = 4;
const TRIES = 4;

const cpuOf = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
};

const least = (work: () => void): number => Math.min(...Array.from({ length: ROUNDS }, () => cpuOf(work)));

/** @param times how many times longer `large` is. */
function ratio(judge: (input: unknown) => void, small: unknown, large: unknown, times: number): number {
  // With linear growth, so many small inputs take as long as one large one: both are measured with
  // the same error.
  const few = least(() => {
    for (let i = 0; i < times; i++) judge(small);
  });
  return (least(() => judge(large)) / few) * times;
}

/** The least of several, until one is within the limit. */
function leastRatio(measure: () => number, limit: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES && best > limit; i++) best = Math.min(best, measure());
  return best;
}

/**
 * @param of an input of a length.
 * @returns the ratio of CPU time for `size` and a tenth of it if the work is not linear, else 0.
 */
export function excess(judge: (input: unknown) => void, of: (length: number) => unknown, size: number): number {
  const large = of(size);
  // An input that takes less than 1 µs per character is far from quadratic.
  if (cpuOf(() => judge(large)) < size || cpuOf(() => judge(large)) < size) return 0;
  const tenth = of(size / 10);
  const times = leastRatio(() => ratio(judge, tenth, large, 10), MAX_RATIO);
  if (times <= MAX_RATIO) return 0;
  const half = of(size / 2);
  return leastRatio(() => ratio(judge, half, large, 2), MAX_DOUBLING) > MAX_DOUBLING ? times : 0;
}
