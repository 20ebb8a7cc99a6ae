// Code that is loaded when it is used first: pages that do not use it do not load it.
import { ChatApiError, NETWORK_ERROR } from './errors.ts';

/** @throws ChatApiError when the code cannot be loaded, such as without a network. */
export const loaded = <T>(code: Promise<T>): Promise<T> =>
  code.catch((cause) => {
    throw new ChatApiError(NETWORK_ERROR, `A part of the client cannot be loaded: ${cause}`, { cause });
  });

type Method = (...args: unknown[]) => unknown;

async function* iterated(items: Promise<unknown>): AsyncGenerator<unknown, void, undefined> {
  yield* (await items) as AsyncIterable<unknown>;
}

/**
 * An API whose methods answer promises, or async iterators if their names start with `iterate`.
 * @param known the methods that need not be loaded.
 */
export const lazily = <T extends object>(load: () => Promise<T>, known: Partial<T> = {}): T =>
  new Proxy(known as T, {
    get: (_, name) => {
      const own: unknown = Reflect.get(known, name);
      if (typeof own === 'function') return own.bind(known);
      // Whatever is awaited is asked for `then`.
      if (typeof name === 'symbol' || name === 'then') return undefined;
      return (...args: unknown[]) => {
        const answered = loaded(load()).then((api) => (api as Record<string, Method>)[name]?.(...args));
        return name.startsWith('iterate') ? iterated(answered) : answered;
      };
    },
  });
