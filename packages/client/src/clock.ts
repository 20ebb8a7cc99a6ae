// The server's time and the expiry of tokens by it. The local calendar is not used, since it may be
// wrong.

/** Parses an RFC 3339 or HTTP time to ms since 1970; undefined for anything else. */
export function epochOf(text: unknown): number | undefined {
  const epoch = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(epoch) ? undefined : epoch;
}

/** The claims of a JWT, unverified; empty if it is not readable. */
export function claimsOf(token: string | undefined): { exp?: number; iat?: number; sid?: string; sub?: string } {
  try {
    return JSON.parse(atob((token as string).split('.')[1]?.replace(/-/g, '+').replace(/_/g, '/') as string));
  } catch {
    return {};
  }
}

/**
 * How many ms before its expiry a token is renewed: a fifth of the remaining time, at most a
 * minute.
 */
export const margin = (lifetimeMs: number): number => Math.min(60_000, Math.max(0, lifetimeMs) / 5);

const ROUGH_MS = 2000;

/** The server's time as an offset to a monotonic clock; undefined until the first response. */
export class ServerClock {
  #offset: number | undefined;

  at(now: number): number | undefined {
    return this.#offset === undefined ? undefined : this.#offset + now;
  }

  /** Sets the time from `hello`, exact to the millisecond. */
  exact(serverTime: unknown, now: number): void {
    const epoch = epochOf(serverTime);
    if (epoch !== undefined) this.#offset = epoch - now;
  }

  /**
   * Sets the time from an HTTP `Date`, exact to the second: used if nothing better is known, or
   * after the machine has slept.
   */
  rough(date: string | null, now: number): void {
    const epoch = epochOf(date ?? undefined);
    if (epoch === undefined) return;
    const middle = epoch + 500;
    if (this.#offset === undefined || Math.abs(this.#offset + now - middle) > ROUGH_MS) this.#offset = middle - now;
  }
}
