const STABLE_MS = 10_000;

/** Full jitter: uniform between 0 and `least * 2^n` milliseconds, at most `most`; begins anew after 10 s that held. */
export class Backoff {
  readonly #least: number;
  readonly #most: number;
  readonly #random: () => number;
  #failures = 0;

  constructor(least = 500, most = 20_000, random: () => number = Math.random) {
    this.#least = least;
    this.#most = most;
    this.#random = random;
  }

  /** Milliseconds until the next try; `heldMs`: how long the last one was good for. */
  next(heldMs = 0): number {
    if (heldMs >= STABLE_MS) this.#failures = 0;
    return this.#random() * Math.min(this.#most, this.#least * 2 ** Math.min(this.#failures++, 30));
  }
}
