// Platform features that only browsers or only Node have, detected by presence and typed here,
// since an app's compiler may know only one platform.

type Listener = () => void;

export interface LockOptions {
  signal?: AbortSignal;
  ifAvailable?: boolean;
  steal?: boolean;
}

export interface Locks {
  /** The lock is held until the promise of `work` settles; `work` gets null if it is not free. */
  request<T>(name: string, options: LockOptions, work: (lock: object | null) => Promise<T>): Promise<T>;
}

export interface Keep {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  key(index: number): string | null;
  readonly length: number;
}

/** The part of XMLHttpRequest that uploads need: only it reports upload progress. */
export interface Xhr {
  upload: { onprogress: ((event: { loaded: number }) => void) | null };
  status: number;
  responseText: string;
  /** After redirects. */
  responseURL: string;
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

export interface TabChannel {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** What tabs need to share a connection. */
export interface TabPlatform {
  locks: Locks;
  /** @throws in sandboxed frames. */
  channel(name: string): TabChannel;
}

interface Platform {
  BroadcastChannel?: new (name: string) => TabChannel;
  XMLHttpRequest?: new () => Xhr;
  document?: { visibilityState: string };
  localStorage?: Keep | null;
  navigator?: { locks?: Locks };
  addEventListener?(name: string, listener: Listener): void;
  removeEventListener?(name: string, listener: Listener): void;
}

const MAX_LOCK_WAIT_MS = 15_000;

const here = globalThis as unknown as Platform;

export const newXhr = (): Xhr | undefined =>
  here.XMLHttpRequest === undefined ? undefined : new here.XMLHttpRequest();

/** A feature whose getter may throw: in sandboxed frames and where cookies are blocked. */
function feature<T>(get: () => T | undefined): T | undefined {
  try {
    return get() ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * Survives reloads, shared by all tabs.
 * @throws where it is denied or missing (in web views it may be null).
 */
export const localKeep = (): Keep => {
  const keep = here.localStorage;
  if (!keep) throw new Error('There is no localStorage here');
  return keep;
};

const webLocks = (): Locks | undefined => feature(() => here.navigator?.locks);

/** undefined outside of pages and where the platform lacks a part. */
export function tabPlatform(): TabPlatform | undefined {
  const [locks, Channel] = [webLocks(), feature(() => here.BroadcastChannel)];
  if (here.document === undefined || locks === undefined || Channel === undefined) return undefined;
  return { locks, channel: (name) => new Channel(name) };
}

/**
 * Runs one at a time over all tabs of the origin if the platform has Web Locks (sandboxed frames
 * have not), else in this page. A frozen tab may hold the lock: it is not waited for longer.
 */
export const exclusively = <T>(name: string, work: () => Promise<T>): Promise<T> => {
  const locks = webLocks();
  let running: Promise<T> | undefined;
  const run = (): Promise<T> => (running ??= work());
  if (locks === undefined) return run();
  return locks.request(name, { signal: AbortSignal.timeout(MAX_LOCK_WAIT_MS) }, run).catch(run);
};

export const isHidden = (): boolean => here.document?.visibilityState === 'hidden';

/**
 * Calls back when the network is back, or the page becomes visible or is focused.
 * @returns a function that stops it.
 */
export function whenBack(back: Listener): Listener {
  if (here.document === undefined || here.addEventListener === undefined) return () => undefined;
  const seen = (): void => {
    if (here.document?.visibilityState === 'visible') back();
  };
  const on = { online: back, pageshow: back, focus: back, visibilitychange: seen };
  // `visibilitychange` is fired on the document and bubbles to the window.
  for (const [name, listener] of Object.entries(on)) here.addEventListener(name, listener);
  return () => {
    for (const [name, listener] of Object.entries(on)) here.removeEventListener?.(name, listener);
  };
}

export const now = (): number => performance.now();

/** Ends early when the signal aborts. */
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

/**
 * Does something later, if the process still runs then.
 * @returns a function that stops it.
 */
export function later(ms: number, work: () => void): () => void {
  const timer: unknown = setTimeout(work, ms);
  // Node has timers that keep it running.
  (timer as { unref?(): void }).unref?.();
  return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
}

/** `randomUUID` exists only on https and localhost. */
export const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Waits that can be woken early without leaving timers. */
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
