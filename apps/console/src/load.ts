// What pages read. Reads that may succeed later are repeated, and what was read before stays.
import { ChatApiError } from '@chatapi/client';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { noteEnd } from './session.ts';

export interface Loaded<T> {
  data: T | undefined;
  error: Error | undefined;
  isLoading: boolean;
  reload(): void;
}

interface Read<T> {
  read(): Promise<T>;
  /** How often it is read again while the page is visible; 0: never. */
  everyMs?: number;
}

const MAX_PAUSE_MS = 10_000;

const isPassing = (error: unknown): boolean =>
  error instanceof ChatApiError && (error.retryable || error.status >= 500);

/**
 * @param key a new one reads again; the data of the old one stays until then. So does an `everyMs`
 * that begins, but not its end: what is pushed since says when to read.
 */
export function useLoad<T>(key: string, { read, everyMs = 0 }: Read<T>): Loaded<T> {
  const [shown, show] = useState<Omit<Loaded<T>, 'reload'>>({ data: undefined, error: undefined, isLoading: true });
  const [turn, setTurn] = useState(0);
  const latest = useRef(read);
  latest.current = read;
  const failures = useRef(0);
  /** Of what is shown; undefined while that is not what was asked for. */
  const shownKey = useRef<string | undefined>(undefined);
  useEffect(() => {
    const wanted = `${turn} ${key}`;
    if (everyMs === 0 && shownKey.current === wanted) return;
    shownKey.current = undefined;
    let isCurrent = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const later = (pause: number): void => {
      timer = setTimeout(() => (document.visibilityState === 'visible' ? void work() : later(pause)), pause);
    };
    const work = async (): Promise<void> => {
      try {
        const data = await latest.current();
        if (!isCurrent) return;
        failures.current = 0;
        shownKey.current = wanted;
        show({ data, error: undefined, isLoading: false });
        if (everyMs > 0) later(everyMs);
      } catch (error) {
        noteEnd(error);
        if (!isCurrent) return;
        show(({ data }) => ({ data, error: error as Error, isLoading: false }));
        if (isPassing(error)) later(Math.min(MAX_PAUSE_MS, 500 * 2 ** failures.current++));
      }
    };
    show(({ data, error }) => ({ data, error, isLoading: true }));
    void work();
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [key, turn, everyMs]);
  const reload = useCallback(() => setTurn((last) => last + 1), []);
  return { ...shown, reload };
}
