// Owns: that requests which take long anyway hold up nobody: of those that come at once, one begins every few milliseconds, so that
// whatever else comes is served between two of them. Fifty logins would else stand before everybody for 40 ms, here and in auth.

const PAUSE_MS = 6;
/** The more wait, the more begin at a time: of fifty the last waits 0.3 s, of a thousand 1.3 s. */
const PART = 50;

/** Resolves when it is the caller's turn, in the order of the calls; at once when nobody was before. */
export function openWay(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  let pausing = false;
  const next = (): void => {
    const some = waiting.splice(0, Math.ceil(waiting.length / PART));
    pausing = some.length > 0;
    for (const begin of some) begin();
    if (pausing) setTimeout(next, PAUSE_MS);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (!pausing) next();
    });
}
