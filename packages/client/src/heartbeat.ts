// Detects dead connections with ping frames, since browsers do not show WebSocket pings. A dead
// link, a slept laptop or a changed network otherwise looks like minutes of silence.

const EVERY_MS = 20_000;
/** A connection without any frame for this long after a ping is dead. */
const TIMEOUT_MS = 15_000;
/** The same after a sign of trouble. */
const SHORT_TIMEOUT_MS = 5000;

export class Heartbeat {
  /** Round trip of the last ping. */
  latencyMs: number | undefined;
  #pingAt: number | undefined;
  #pingedAt: number | undefined;
  #deadAt: number | undefined;
  #timeout = TIMEOUT_MS;

  start(now: number): void {
    this.stop();
    this.#pingAt = now + EVERY_MS;
  }

  stop(): void {
    this.#pingAt = this.#deadAt = this.#pingedAt = undefined;
    this.#timeout = TIMEOUT_MS;
  }

  heard(now: number): void {
    // A pong may be queued behind other frames, which are a sign of life too.
    if (this.#deadAt !== undefined) this.#deadAt = now + this.#timeout;
  }

  pong(now: number): void {
    if (this.#pingedAt === undefined) return;
    this.latencyMs = now - this.#pingedAt;
    this.start(now);
  }

  doubt(now: number): void {
    if (this.#pingAt === undefined && this.#deadAt === undefined) return;
    this.#pingAt = now;
    this.#timeout = SHORT_TIMEOUT_MS;
  }

  /** Whether to send a ping now. */
  isDue(now: number): boolean {
    if (this.#pingAt === undefined || now < this.#pingAt) return false;
    this.#pingAt = undefined;
    this.#pingedAt = now;
    this.#deadAt = now + this.#timeout;
    return true;
  }

  isDead(now: number): boolean {
    return this.#deadAt !== undefined && now >= this.#deadAt;
  }

  get next(): number | undefined {
    return this.#pingAt ?? this.#deadAt;
  }
}
