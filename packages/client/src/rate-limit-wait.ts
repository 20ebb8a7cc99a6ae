// Waiting for rate limits of the server: once one is reached, calls go one by one, in order.
import { asError } from './errors.ts';
import { now, sleep } from './platform.ts';

/** Longest wait for a rate limit in ms; a longer one rejects at once. */
export const MAX_LIMIT_WAIT_MS = 120_000;

export class RateLimitWait {
  #turn: Promise<unknown> = Promise.resolve();
  #limitedUntil = 0;

  /** Makes the attempt, and again while a limit refuses it. */
  async run<T>(attempt: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (now() >= this.#limitedUntil) {
      try {
        return await attempt();
      } catch (error) {
        this.#noteLimit(error);
      }
    }
    const turn = this.#turn.then(() => this.#untilAllowed(attempt, signal));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #untilAllowed<T>(attempt: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    while (true) {
      await sleep(this.#limitedUntil - now(), signal);
      try {
        return await attempt();
      } catch (error) {
        this.#noteLimit(error);
      }
    }
  }

  /** A proxy's limit is no limit of the server: it may last for ever. */
  #noteLimit(thrown: unknown): void {
    const { code, foreign, retryAfterMs = 1000 } = asError(thrown);
    if (code !== 'RATE_LIMIT_EXCEEDED' || foreign || retryAfterMs > MAX_LIMIT_WAIT_MS) throw thrown;
    this.#limitedUntil = Math.max(this.#limitedUntil, now() + retryAfterMs);
  }
}
