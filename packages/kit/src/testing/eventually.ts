const POLL_MS = 20;
const MAX_TRIES = 30;
const RETRY_MS = 500;

/**
 * Repeats `check` until it neither throws nor returns false.
 * @param ms time limit, after which the last error or "waited too long" is thrown.
 */
export async function eventually<T>(check: () => Promise<T> | T, ms = 30_000): Promise<T> {
  for (const end = Date.now() + ms; ; ) {
    try {
      const result = await check();
      if (result !== false) return result;
      if (Date.now() > end) throw new Error(`waited too long (${ms} ms)`);
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Repeats a request as clients do: on a busy machine PostgreSQL may be too slow for one of many
 * that are sent at once.
 * @returns the first answer that is not 503, or the 30th.
 */
export async function served<R extends { status: number }>(request: () => PromiseLike<R>): Promise<R> {
  for (let tries = 1; ; tries++) {
    const answer = await request();
    if (answer.status !== 503 || tries === MAX_TRIES) return answer;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS * (1 + Math.random())));
  }
}
