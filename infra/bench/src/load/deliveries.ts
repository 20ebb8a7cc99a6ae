// Expected and received deliveries per reader.

export interface Kept {
  lost: number;
  duplicated: number;
  /** Time in ms without a delivery before giving up; 0 when all arrived. */
  quietMs: number;
}

export interface Tally {
  arrived(reader: number): void;
  /** Resolves when every reader has received everything, or nothing arrived for QUIET_MS. */
  complete: Promise<Kept>;
}

const QUIET_MS = 5000;

export function openTally(readers: number, each: number): Tally {
  const counts = new Uint32Array(readers);
  let [total, last] = [0, performance.now()];
  let finish: () => void = () => undefined;
  const complete = new Promise<Kept>((resolve) => {
    const watch = setInterval(() => performance.now() - last > QUIET_MS && finish(), 100);
    finish = () => {
      clearInterval(watch);
      const sum = (of: (count: number) => number): number =>
        counts.reduce((all, count) => all + Math.max(0, of(count)), 0);
      const lost = sum((count) => each - count);
      resolve({ lost, duplicated: sum((count) => count - each), quietMs: lost === 0 ? 0 : performance.now() - last });
    };
  });
  if (each === 0) finish();
  return {
    complete,
    arrived: (reader) => {
      counts[reader] = (counts[reader] ?? 0) + 1;
      last = performance.now();
      if (++total === readers * each) finish();
    },
  };
}
