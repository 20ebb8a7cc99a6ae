// Which tab leads: the one that holds a Web Lock. The browser passes it on when a tab ends or
// crashes; a frozen tab keeps it, so it can be taken away.
import type { LockOptions, Locks } from './platform.ts';

export class TabLock {
  isHeld = false;
  readonly #locks: Locks;
  readonly #name: string;
  readonly #changed: () => void;
  #release: () => void = () => undefined;
  #queued = new AbortController();
  #left = false;

  /** `changed`: called when this tab got or lost the lock. */
  constructor(locks: Locks, name: string, changed: () => void) {
    this.#locks = locks;
    this.#name = name;
    this.#changed = changed;
  }

  /**
   * Takes the lock if it is free, else waits for it in the background.
   * @throws what the platform throws where it denies locks.
   */
  async enter(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#request({ ifAvailable: true }, resolve).catch(reject);
    });
    if (!this.isHeld) this.#wait();
  }

  /** Takes the lock away from a tab that does not answer. */
  steal(): void {
    this.#queued.abort();
    this.#request({ steal: true }).catch(() => this.#wait());
  }

  leave(): void {
    this.#left = true;
    this.#queued.abort();
    this.#release();
  }

  #wait(): void {
    if (this.#left) return;
    this.#queued = new AbortController();
    // It rejects when the wait was aborted.
    this.#request({ signal: this.#queued.signal }).catch(() => undefined);
  }

  /** `decided`: called once it is known whether the lock was free. */
  async #request(options: LockOptions, decided: () => void = () => undefined): Promise<void> {
    let held = false;
    try {
      await this.#locks.request(this.#name, options, async (lock) => {
        held = lock !== null && !this.#left;
        const end = held ? this.#hold() : undefined;
        decided();
        await end;
      });
    } catch (error) {
      // A lock that was held was stolen.
      if (!held) throw error;
    }
    if (!held) return;
    this.isHeld = false;
    this.#changed();
    this.#wait();
  }

  #hold(): Promise<void> {
    this.isHeld = true;
    const end = new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    this.#changed();
    return end;
  }
}
