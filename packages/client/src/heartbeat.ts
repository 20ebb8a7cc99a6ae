// Owns: whether the other side still lives. Browsers show no pings of the protocol, so a frame asks for an answer; a dead
// link, a slept laptop or a changed network otherwise looks like silence for many minutes.

const EVERY_MS = 20_000;
/** After a ping, silence for as long means that the connection is dead. */
const PATIENCE_MS = 15_000;
/** The same where there is a reason to doubt. */
const DOUBT_MS = 5000;

export class Heartbeat {
  /** Round trip of the last ping. */
  latencyMs: number | undefined;
  #pingAt: number | undefined;
  #pingedAt: number | undefined;
  #deadAt: number | undefined;
  #patience = PATIENCE_MS;

  start(now: number): void {
    this.stop();
    this.#pingAt = now + EVERY_MS;
  }

  stop(): void {
    this.#pingAt = this.#deadAt = this.#pingedAt = undefined;
    this.#patience = PATIENCE_MS;
  }

  heard(now: number): void {
    // A pong waits behind what else is under way, which is a sign of life itself.
    if (this.#deadAt !== undefined) this.#deadAt = now + this.#patience;
  }

  pong(now: number): void {
    if (this.#pingedAt === undefined) return;
    this.latencyMs = now - this.#pingedAt;
    this.start(now);
  }

  doubt(now: number): void {
    if (this.#pingAt === undefined && this.#deadAt === undefined) return;
    this.#pingAt = now;
    this.#patience = DOUBT_MS;
  }

  /** Whether to send a ping now. */
  isDue(now: number): boolean {
    if (this.#pingAt === undefined || now < this.#pingAt) return false;
    this.#pingAt = undefined;
    this.#pingedAt = now;
    this.#deadAt = now + this.#patience;
    return true;
  }

  isDead(now: number): boolean {
    return this.#deadAt !== undefined && now >= this.#deadAt;
  }

  get next(): number | undefined {
    return this.#pingAt ?? this.#deadAt;
  }
}
