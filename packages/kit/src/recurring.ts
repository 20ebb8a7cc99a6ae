// Recurring background work. One timer serves all of it and runs tasks that are due at about the
// same time together, because waking an idle process costs more than most of the work.

export interface RecurringTask {
  /** Aborts the current run's signal and resolves when that run has ended. */
  close(): Promise<void>;
}

interface Task {
  ms: number;
  /** In `performance.now()` time; always a multiple of `ms`, so that tasks fall together. */
  due: number;
  run(): void;
}

/** Tasks due within this time run together. */
const SLACK_MS = 5;

const tasks = new Set<Task>();
let timer: NodeJS.Timeout | undefined;

function schedule(): void {
  clearTimeout(timer);
  timer = undefined;
  if (tasks.size === 0) return;
  const soonest = Math.min(...[...tasks].map(({ due }) => due));
  timer = setTimeout(runDue, Math.max(1, soonest - performance.now()));
}

function runDue(): void {
  const until = performance.now() + SLACK_MS;
  for (const each of tasks) {
    if (each.due > until) continue;
    each.due = nextAfter(until, each.ms);
    each.run();
  }
  schedule();
}

const nextAfter = (now: number, ms: number): number => (Math.floor(now / ms) + 1) * ms;

/**
 * Runs `work` every `ms` milliseconds, for the first time within `ms`, never two runs at once.
 * Errors go to `onError`; the work runs again at the next interval.
 */
export function every(
  ms: number,
  work: (closing: AbortSignal) => Promise<void>,
  onError: (error: Error) => void,
): RecurringTask {
  const closing = new AbortController();
  let running: Promise<void> | undefined;
  const task: Task = {
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
  tasks.add(task);
  schedule();
  return {
    async close() {
      closing.abort();
      tasks.delete(task);
      schedule();
      await running;
    },
  };
}
