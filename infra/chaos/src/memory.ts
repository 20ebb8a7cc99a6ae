// Memory use of the apps' processes, and the check that it does not grow over time.

/** Memory of one process, in MiB. */
export interface Memory {
  kind: string;
  resident: number;
  /** After garbage collection. */
  held: number;
}

const MAX_GROWTH = 1.25;
/** Allowance for code compiled later and for bursts. */
const LEEWAY_MIB = 4;

export const shown = (memory: Memory[]): string =>
  memory.map(({ kind, held, resident }) => `${kind} ${held.toFixed(1)} of ${Math.round(resident)}`).join(', ');

/** Describes the processes that grew by more than allowed. Both lists have the same order. */
export function growths(early: Memory[], late: Memory[]): string[] {
  return late.flatMap(({ kind, held }, i) => {
    const before = (early[i] as Memory).held;
    return held <= before * MAX_GROWTH + LEEWAY_MIB
      ? []
      : [`memory: ${kind} held ${before.toFixed(1)} MiB at 10 % and ${held.toFixed(1)} at the end`];
  });
}
