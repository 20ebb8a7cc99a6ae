const STABLE_MS = 10_000;

/**
 * Exponential backoff with full jitter: uniform between 0 and `min * 2^n` ms, at most `max`; reset
 * after an attempt that held for 10 s.
 */
export class Backoff {
  readonly #min: number;
  readonly #max: number;
  readonly #random: () => number;
  #failures = 0;

  constructor(min = 500, max = 20_000, random: () => number = Math.random) {
    this.#min = min;
    this.#max = max;
    this.#random = random;
  }

  /**
   * @returns the delay of the next attempt in ms.
   * @param heldMs how long the last attempt held.
   */
  next(heldMs = 0): number {
    if (heldMs >= STABLE_MS) this.#failures = 0;
    return this.#random() * Math.min(this.#max, this.#min * 2 ** Math.min(this.#failures++, 30));
  }
}
