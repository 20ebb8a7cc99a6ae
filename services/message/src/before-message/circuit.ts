// A receiver that fails again and again is not asked for a while: nobody waits for it meanwhile.
const FAILURES = 5;
const PAUSE_MS = 10_000;

export interface Circuit {
  /** Whether it may be asked now. */
  closed(): boolean;
  succeeded(): void;
  failed(): void;
  /** Whether the last of its answers were failures, and no success came since. */
  isFailing(): boolean;
  reset(): void;
}

/** @param now in milliseconds. */
export function createCircuit(now: () => number = performance.now.bind(performance)): Circuit {
  let failures = 0;
  let openUntil = 0;
  const reset = (): void => {
    failures = 0;
    openUntil = 0;
  };
  return {
    closed: () => now() >= openUntil,
    succeeded: reset,
    failed() {
      failures++;
      if (failures >= FAILURES) openUntil = now() + PAUSE_MS;
    },
    isFailing: () => failures >= FAILURES,
    reset,
  };
}
