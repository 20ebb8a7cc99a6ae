// Stores: what React's `useSyncExternalStore`, Svelte, Vue, Solid and Angular all take as it is.

/** Snapshots are immutable, and the same object until something in them changed. */
export interface Store<T> {
  getSnapshot(): T;
  /** What the page that a server made shows: the first snapshot. */
  getServerSnapshot(): T;
  /**
   * Calls `listener` now and after each change, with the new snapshot.
   * @returns a function that stops it.
   */
  subscribe(listener: (snapshot: T) => void): () => void;
}

/** Collects the changes of a turn, so that each listener hears of all of them once. */
export class Batch {
  readonly #changed = new Set<() => void>();
  #depth = 0;

  run<T>(work: () => T): T {
    this.#depth++;
    try {
      return work();
    } finally {
      if (--this.#depth === 0) this.#tell();
    }
  }

  add(tell: () => void): void {
    this.#changed.add(tell);
    if (this.#depth === 0) this.#tell();
  }

  #tell(): void {
    for (const tell of this.#changed) {
      this.#changed.delete(tell);
      tell();
    }
  }
}

interface SourceOptions<T> {
  batch: Batch;
  /** Makes the snapshot. It is called again only after `changed`. */
  make(): T;
  /** The first listener came, the last one went. */
  watched?(): void;
  left?(): void;
}

/** A store whose snapshot is made when somebody looks. */
export class Source<T> implements Store<T> {
  readonly #options: SourceOptions<T>;
  readonly #listeners = new Set<{ call(snapshot: T): void }>();
  #made: { snapshot: T } | undefined;
  #first: { snapshot: T } | undefined;

  constructor(options: SourceOptions<T>) {
    this.#options = options;
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  readonly getSnapshot = (): T => {
    this.#made ??= { snapshot: this.#options.make() };
    return this.#made.snapshot;
  };

  readonly getServerSnapshot = (): T => {
    this.#first ??= { snapshot: this.getSnapshot() };
    return this.#first.snapshot;
  };

  readonly subscribe = (listener: (snapshot: T) => void): (() => void) => {
    const own = { call: listener };
    this.#listeners.add(own);
    if (this.#listeners.size === 1) this.#options.watched?.();
    listener(this.getSnapshot());
    return () => {
      if (this.#listeners.delete(own) && this.#listeners.size === 0) this.#options.left?.();
    };
  };

  changed(): void {
    const made = this.#made;
    // Outside of a batch the listeners are told at once, so they must find no old snapshot.
    this.#made = undefined;
    if (!this.isWatched || made === undefined) return;
    this.#told ??= made;
    this.#options.batch.add(this.#tell);
  }

  /** What the listeners know. */
  #told: { snapshot: T } | undefined;

  readonly #tell = (): void => {
    const told = this.#told;
    this.#told = undefined;
    const snapshot = this.getSnapshot();
    if (told?.snapshot === snapshot) return;
    for (const listener of [...this.#listeners])
      try {
        listener.call(snapshot);
      } catch (error) {
        // The others must hear of it too; the app's error is reported as uncaught.
        setTimeout(() => {
          throw error;
        });
      }
  };
}
