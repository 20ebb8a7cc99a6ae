// Coming back after close code 4429, too many connections or frames: another tab or device took the
// place, and to come back by itself would only push out a third.

const TOO_MANY_CODE = 4429;
const MIN_MS = 60_000;
const MAX_MS = 16 * 60_000;
/** After a connection that held this long, a use of the app returns at once again. */
const CALM_MS = 10 * 60_000;

export class TooManyConnections {
  /** How often in a row. */
  #count = 0;
  #from: number | undefined;

  /** Whether the last connection ended for this reason. */
  get isHere(): boolean {
    return this.#from !== undefined;
  }

  /**
   * @param heldMs how long the connection held.
   * @returns the delay before it comes back by itself, in ms.
   */
  ended(now: number, code: number | undefined, heldMs: number): number {
    this.#from = undefined;
    if (heldMs >= CALM_MS) this.#count = 0;
    if (code !== TOO_MANY_CODE) return 0;
    const pause = Math.min(MAX_MS, MIN_MS * 2 ** this.#count);
    // Apps that send all the time must not push each other out.
    this.#from = this.#count === 0 ? now : now + pause / 4;
    this.#count++;
    return pause;
  }

  /** When a use of the app may return: at once for the first time, later and later after that. */
  usableFrom(now: number): number {
    return Math.max(now, this.#from ?? now);
  }
}
