// A value that components watch, as they do the SDK's stores.
import { useEffect, useState } from 'preact/hooks';

/** The shape of the SDK's stores. */
interface Store<T> {
  getSnapshot(): T;
  subscribe(listener: (value: T) => void): () => void;
}

export class Value<T> implements Store<T> {
  readonly #listeners = new Set<(value: T) => void>();
  #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  get(): T {
    return this.#value;
  }

  readonly getSnapshot = (): T => this.#value;
  readonly getServerSnapshot = (): T => this.#value;

  set(value: T): void {
    if (value === this.#value) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener(value);
  }

  readonly subscribe = (listener: (value: T) => void): (() => void) => {
    this.#listeners.add(listener);
    listener(this.#value);
    return () => this.#listeners.delete(listener);
  };
}

/** The snapshot of a store; the component is drawn again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [, draw] = useState<{ snapshot: T }>();
  useEffect(
    () => store.subscribe((snapshot) => draw((last) => (last?.snapshot === snapshot ? last : { snapshot }))),
    [store],
  );
  return store.getSnapshot();
}
