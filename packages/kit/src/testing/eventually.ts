const POLL_MS = 20;

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
