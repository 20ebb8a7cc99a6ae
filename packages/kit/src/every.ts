// Owns: work that a service does by itself, again and again. One clock for all of it: to wake an idle process costs more than most of
// what it then does, so what is due at about the same time is done in the same turn.

export interface Recurring {
  /** Resolves when the run under way, told by its signal, has ended. */
  close(): Promise<void>;
}

interface Work {
  ms: number;
  /** By `performance.now()`: always a multiple of `ms`, so that whatever can fall together does. */
  due: number;
  run(): void;
}

/** What is due within this comes along. */
const SLACK_MS = 5;

const works = new Set<Work>();
let timer: NodeJS.Timeout | undefined;

function wind(): void {
  clearTimeout(timer);
  timer = undefined;
  if (works.size === 0) return;
  const soonest = Math.min(...[...works].map(({ due }) => due));
  timer = setTimeout(strike, Math.max(1, soonest - performance.now()));
}

function strike(): void {
  const until = performance.now() + SLACK_MS;
  for (const work of works) {
    if (work.due > until) continue;
    work.due = nextAfter(until, work.ms);
    work.run();
  }
  wind();
}

const nextAfter = (now: number, ms: number): number => (Math.floor(now / ms) + 1) * ms;

/**
 * Runs `work` every `ms` milliseconds, the first time within them, never twice at once. What fails is told to `onError`
 * and waits for the next turn.
 */
export function every(
  ms: number,
  work: (closing: AbortSignal) => Promise<void>,
  onError: (error: Error) => void,
): Recurring {
  const closing = new AbortController();
  let running: Promise<void> | undefined;
  const mine: Work = {
    ms,
    due: nextAfter(performance.now() + SLACK_MS, ms),
    run() {
      running ??= work(closing.signal)
        .catch(onError)
        .finally(() => {
          running = undefined;
        });
    },
  };
  works.add(mine);
  wind();
  return {
    async close() {
      closing.abort();
      works.delete(mine);
      wind();
      await running;
    },
  };
}
