// Owns: which scenarios run at the same time. They come in turn; one that must be alone waits for the others, and they for it.

export type Line = <T>(places: number, work: () => Promise<T>) => Promise<T>;

export function openLine(places: number): Line {
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
