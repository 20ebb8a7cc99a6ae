// Owns: what a browser has and Node has not, or the other way round. Told by what is there, never by a name; written down
// here, since an app's compiler may know only one of the two.

type Listener = () => void;

interface Locks {
  request<T>(name: string, work: () => Promise<T>): Promise<T>;
}

export interface Keep {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  key(index: number): string | null;
  readonly length: number;
}

/** As much of XMLHttpRequest as an upload needs: only it tells the progress of what is sent. */
export interface Xhr {
  upload: { onprogress: ((event: { loaded: number }) => void) | null };
  status: number;
  responseText: string;
  timeout: number;
  onload: Listener | null;
  onerror: Listener | null;
  onabort: Listener | null;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  getResponseHeader(name: string): string | null;
  send(body: FormData): void;
  abort(): void;
}

interface Platform {
  XMLHttpRequest?: new () => Xhr;
  document?: { visibilityState: string };
  localStorage?: Keep;
  navigator?: { locks?: Locks };
  addEventListener?(name: string, listener: Listener): void;
  removeEventListener?(name: string, listener: Listener): void;
}

const here = globalThis as unknown as Platform;

export const newXhr = (): Xhr | undefined =>
  here.XMLHttpRequest === undefined ? undefined : new here.XMLHttpRequest();

/** Kept over reloads, seen by all tabs. */
export const localKeep = (): Keep => {
  if (here.localStorage === undefined) throw new Error('There is no localStorage here');
  return here.localStorage;
};

/** One at a time over all tabs of this origin where the platform can say so (no sandboxed frame can); else in this page. */
export const exclusively = <T>(name: string, work: () => Promise<T>): Promise<T> => {
  const locks = here.navigator?.locks;
  let running: Promise<T> | undefined;
  const run = (): Promise<T> => (running ??= work());
  return locks === undefined ? run() : locks.request(name, run).catch(run);
};

/** Calls when the network is back or the page is seen again. @returns a function that stops it. */
export function whenBack(back: Listener): Listener {
  if (here.document === undefined || here.addEventListener === undefined) return () => undefined;
  const seen = (): void => {
    if (here.document?.visibilityState === 'visible') back();
  };
  const on = { online: back, pageshow: back, visibilitychange: seen };
  // `visibilitychange` is the document's; it bubbles to the window.
  for (const [name, listener] of Object.entries(on)) here.addEventListener(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(on)) here.removeEventListener?.(name, listener);
  };
}

export const now = (): number => performance.now();

/** No longer than until the signal aborts. */
export const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, signal?.aborted ? 0 : Math.max(0, ms));
    signal?.addEventListener('abort', end);
  });

/** `randomUUID` is there on https and localhost alone. */
export const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Waits that can be ended before their time; no timer is left behind. */
export class Alarm {
  readonly #wakes = new Set<() => void>();

  ring(): void {
    for (const wake of this.#wakes) wake();
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wakes.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(0, ms));
      this.#wakes.add(wake);
    });
  }
}
