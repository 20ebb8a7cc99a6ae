// Owns: the server's time, and until when a token is good by it. This machine's calendar is never asked: it may be wrong.

/** Milliseconds since 1970 of an RFC 3339 or HTTP time; undefined for anything else. */
export function epochOf(text: unknown): number | undefined {
  const epoch = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(epoch) ? undefined : epoch;
}

/** The claims of a JWT, unverified; empty where there are none to be read. */
export function claimsOf(token: string | undefined): { exp?: number; sub?: string } {
  try {
    return JSON.parse(atob((token as string).split('.')[1]?.replace(/-/g, '+').replace(/_/g, '/') as string));
  } catch {
    return {};
  }
}

/** How many milliseconds before its end a token is renewed: a fifth of what is left, at most a minute. */
export const margin = (lifetimeMs: number): number => Math.min(60_000, Math.max(0, lifetimeMs) / 5);

const ROUGH_MS = 2000;

/** The server's time as an offset to a monotonic clock; undefined until the server has said it. */
export class ServerClock {
  #offset: number | undefined;

  at(now: number): number | undefined {
    return this.#offset === undefined ? undefined : this.#offset + now;
  }

  /** From `hello`, to the millisecond. */
  exact(serverTime: unknown, now: number): void {
    const epoch = epochOf(serverTime);
    if (epoch !== undefined) this.#offset = epoch - now;
  }

  /** From an HTTP `Date`, to the second: taken where nothing better is known, or after a sleep of the machine. */
  rough(date: string | null, now: number): void {
    const epoch = epochOf(date ?? undefined);
    if (epoch === undefined) return;
    const middle = epoch + 500;
    if (this.#offset === undefined || Math.abs(this.#offset + now - middle) > ROUGH_MS) this.#offset = middle - now;
  }
}
