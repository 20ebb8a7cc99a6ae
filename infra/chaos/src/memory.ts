// Owns: what the processes of apps hold, and the judgement that it does not grow with the time. Pure but for the type.

/** Of one process, in MiB. */
export interface Memory {
  kind: string;
  resident: number;
  /** After a collection of garbage. */
  held: number;
}

const MOST_GROWTH = 1.25;
/** What code that is compiled later, and a burst that is under way, may weigh. */
const LEEWAY_MIB = 4;

export const shown = (memory: Memory[]): string =>
  memory.map(({ kind, held, resident }) => `${kind} ${held.toFixed(1)} of ${Math.round(resident)}`).join(', ');

/** In words: the processes that hold more than the leeway allows. Both lists have the same order. */
export function growths(early: Memory[], late: Memory[]): string[] {
  return late.flatMap(({ kind, held }, i) => {
    const before = (early[i] as Memory).held;
    return held <= before * MOST_GROWTH + LEEWAY_MIB
      ? []
      : [`memory: ${kind} held ${before.toFixed(1)} MiB at 10 % and ${held.toFixed(1)} at the end`];
  });
}
