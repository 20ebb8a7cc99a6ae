// A semaphore with a bounded queue. Unlike p-limit or async-mutex, it learns the mean duration of
// its jobs, and refuses a job at once when its expected wait exceeds `maxWaitMs`, instead of
// letting it wait and time out.

export type Semaphore = <T>(job: () => Promise<T>) => Promise<T>;

interface Waiter {
  since: number;
  start: () => void;
  refuse: () => void;
}

export interface SemaphoreOptions {
  maxRunning: number;
  /** Maximum length of the queue. */
  maxWaiting: number;
  maxWaitMs: number;
  /** Makes the error of refused jobs. */
  refusal(): Error;
}

/** Weight of the newest job in the exponential moving average. */
const NEWEST_WEIGHT = 0.2;

export function createSemaphore({ maxRunning, maxWaiting, maxWaitMs, refusal }: SemaphoreOptions): Semaphore {
  const queue: Waiter[] = [];
  let running = 0;
  let meanMs = 0;
  const isFull = (): boolean => queue.length >= maxWaiting || ((queue.length + 1) * meanMs) / maxRunning > maxWaitMs;

  const release = (): void => {
    running--;
    let first = queue.shift();
    for (; first !== undefined && Date.now() - first.since > maxWaitMs; first = queue.shift()) first.refuse();
    first?.start();
  };
  const acquire = (): Promise<void> => {
    if (running < maxRunning) {
      running++;
      return Promise.resolve();
    }
    if (isFull()) return Promise.reject(refusal());
    return new Promise((resolve, reject) => {
      const start = (): void => {
        running++;
        resolve();
      };
      queue.push({ since: Date.now(), start, refuse: () => reject(refusal()) });
    });
  };
  return async (job) => {
    await acquire();
    const started = performance.now();
    try {
      return await job();
    } finally {
      meanMs += NEWEST_WEIGHT * (performance.now() - started - meanMs);
      release();
    }
  };
}
