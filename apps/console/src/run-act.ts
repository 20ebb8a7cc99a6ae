// Acts of staff. Each ends as done, refused or unknown; an unknown one is settled by reading what
// is true now. What happened is told in notices.
import { ChatApiError } from '@chatapi/client';
import { Value } from '@chatapi/page/value';
import { noteEnd } from './session.ts';

type Outcome = 'running' | 'done' | 'refused' | 'unknown' | 'not-done';

export interface Notice {
  id: number;
  title: string;
  outcome: Outcome;
  error?: Error;
  /** Of `unknown`: the read that would settle it fails, or there is none. */
  isStuck?: boolean;
  undo?: () => void;
  again?: () => void;
}

export interface Act<T> {
  title: string;
  run(): Promise<T>;
  /** Reads whether it has been done. */
  isDone?(): Promise<boolean>;
  /** What takes it back. */
  undo?(): Act<unknown>;
  /** After it is done, or was found done. */
  after?(): void;
}

export const notices = new Value<readonly Notice[]>([]);

const SHOWN_MS = 6000;
/** Until then the services may still be at work on a request whose answer was lost. */
const IN_FLIGHT_MS = 10_000;
const PAUSE_MS = 1000;
const MAX_SETTLING_MS = 120_000;

let lastId = 0;

export const dismiss = (id: number): void => notices.set(notices.get().filter((one) => one.id !== id));

/** Of two acts the older notice is above. */
function put(notice: Notice): void {
  const others = notices.get();
  const isKnown = others.some(({ id }) => id === notice.id);
  notices.set(isKnown ? others.map((one) => (one.id === notice.id ? notice : one)) : [...others, notice]);
  if (notice.outcome === 'done') setTimeout(() => dismiss(notice.id), SHOWN_MS);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The server said no, and did nothing. */
const isRefusal = (error: unknown): boolean =>
  error instanceof ChatApiError && error.status >= 400 && error.status < 500;

/** undefined: it cannot be known. */
async function settle(isDone: () => Promise<boolean>): Promise<boolean | undefined> {
  for (const began = performance.now(); performance.now() - began < MAX_SETTLING_MS; await pause(PAUSE_MS)) {
    try {
      if (await isDone()) return true;
      if (performance.now() - began > IN_FLIGHT_MS) return false;
    } catch (error) {
      if (isRefusal(error)) return undefined;
    }
  }
  return undefined;
}

/** @returns what the server answered; undefined when it did not, or refused. */
export async function act<T>(what: Act<T>): Promise<{ value: T } | undefined> {
  const { title, isDone, undo, after } = what;
  const notice = { id: ++lastId, title };
  const tell = (outcome: Outcome, more: Partial<Notice> = {}): void => put({ ...notice, outcome, ...more });
  const again = (): void => {
    dismiss(notice.id);
    void act(what);
  };
  tell('running');
  try {
    const value = await what.run();
    tell('done', { undo: undo && (() => void act(undo())) });
    after?.();
    return { value };
  } catch (thrown) {
    const error = thrown as Error;
    noteEnd(error);
    if (isRefusal(error)) {
      tell('refused', { error });
      return undefined;
    }
    tell('unknown', { error, isStuck: isDone === undefined });
    const found = isDone === undefined ? undefined : await settle(isDone);
    if (found === undefined) tell('unknown', { error, isStuck: true });
    else tell(found ? 'done' : 'not-done', found ? {} : { again });
    after?.();
    return undefined;
  }
}
