// Spreads the starts of CPU-heavy requests (password checks): of those that arrive together, one
// starts every few milliseconds and other requests run in between. Fifty logins at once would
// otherwise delay every other request by 40 ms, here and in auth.

const PAUSE_MS = 6;
/** One in PART of the queue starts at a time: of 50 the last waits 0.3 s, of 1,000 1.3 s. */
const PART = 50;

/** Each call resolves when the request may start: in order of arrival, at once if none waits. */
export function createPacer(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  let pausing = false;
  const next = (): void => {
    const batch = waiting.splice(0, Math.ceil(waiting.length / PART));
    pausing = batch.length > 0;
    for (const start of batch) start();
    if (pausing) setTimeout(next, PAUSE_MS);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (!pausing) next();
    });
}
