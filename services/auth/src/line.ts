// Owns: how many jobs run at once. The rest wait in order; who would wait too long is told at once, not when the time is over. How
// long a job takes is learnt from those that were done.

export type InTurn = <T>(job: () => Promise<T>) => Promise<T>;

interface Waiting {
  since: number;
  start: () => void;
  refuse: () => void;
}

export interface LineOptions {
  atOnce: number;
  /** How many may wait. */
  capacity: number;
  mostWaitMs: number;
  /** What the refused are told. */
  busy(): Error;
}

/** Weight of the newest job in the mean. */
const NEWEST = 0.2;

export function openLine({ atOnce, capacity, mostWaitMs, busy }: LineOptions): InTurn {
  const line: Waiting[] = [];
  let running = 0;
  let meanMs = 0;
  const isFull = (): boolean => line.length >= capacity || ((line.length + 1) * meanMs) / atOnce > mostWaitMs;

  const next = (): void => {
    running--;
    let first = line.shift();
    for (; first !== undefined && Date.now() - first.since > mostWaitMs; first = line.shift()) first.refuse();
    first?.start();
  };
  const turn = (): Promise<void> => {
    if (running < atOnce) {
      running++;
      return Promise.resolve();
    }
    if (isFull()) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const start = (): void => {
        running++;
        resolve();
      };
      line.push({ since: Date.now(), start, refuse: () => reject(busy()) });
    });
  };
  return async (job) => {
    await turn();
    const began = performance.now();
    try {
      return await job();
    } finally {
      meanMs += NEWEST * (performance.now() - began - meanMs);
      next();
    }
  };
}
