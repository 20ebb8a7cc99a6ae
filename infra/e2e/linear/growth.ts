// Growth of CPU time with input size, as a ratio of the minimum of several runs, so that a busy
// machine does not matter.

/** Maximum ratio of CPU time for ten times the input. */
const MAX_RATIO = 15;
const ROUNDS = 4;
const TRIES = 4;

const cpuOf = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
};

const least = (work: () => void): number => Math.min(...Array.from({ length: ROUNDS }, () => cpuOf(work)));

function ratio(judge: (input: unknown) => void, small: unknown, large: unknown): number {
  // Ten small inputs take as long as one large one with linear growth, so both measurements take
  // the same time.
  const few = least(() => {
    for (let i = 0; i < 10; i++) judge(small);
  });
  return (least(() => judge(large)) / few) * 10;
}

/**
 * @param size length of `large`, ten times that of `small`.
 * @returns the ratio of CPU time if it exceeds MAX_RATIO, else 0.
 */
export function excess(judge: (input: unknown) => void, small: unknown, large: unknown, size: number): number {
  // An input that takes less than 1 µs per character is far from quadratic.
  if (cpuOf(() => judge(large)) < size || cpuOf(() => judge(large)) < size) return 0;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES && best > MAX_RATIO; i++) best = Math.min(best, ratio(judge, small, large));
  return best > MAX_RATIO ? best : 0;
}
