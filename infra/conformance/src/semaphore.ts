// A fair semaphore: waiters run in order; one that wants all places waits for the others, and they
// for it.

export type Semaphore = <T>(places: number, work: () => Promise<T>) => Promise<T>;

export function createSemaphore(places: number): Semaphore {
  const waiting: { wants: number; start: () => void }[] = [];
  let free = places;
  const next = (): void => {
    for (let first = waiting[0]; first !== undefined && first.wants <= free; first = waiting[0]) {
      free -= first.wants;
      waiting.shift();
      first.start();
    }
  };
  return async (wants, work) => {
    await new Promise<void>((start) => {
      waiting.push({ wants, start });
      next();
    });
    try {
      return await work();
    } finally {
      free += wants;
      next();
    }
  };
}
