// Owns: work that a service does by itself, again and again.

export interface Recurring {
  /** Resolves when the run under way, told by its signal, has ended. */
  close(): Promise<void>;
}

/**
 * Runs `work` every `ms` milliseconds, the first time after them, never twice at once. What fails is told to `onError`
 * and waits for the next turn.
 */
export function every(
  ms: number,
  work: (closing: AbortSignal) => Promise<void>,
  onError: (error: Error) => void,
): Recurring {
  const closing = new AbortController();
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= work(closing.signal)
      .catch(onError)
      .finally(() => {
        running = undefined;
      });
  }, ms);
  return {
    async close() {
      closing.abort();
      clearInterval(timer);
      await running;
    },
  };
}
