// Owns: that requests which take long anyway hold up nobody: of those that come at once, one begins every few milliseconds, so that
// whatever else comes is served between two of them. Fifty logins would else stand before everybody for 40 ms, here and in auth.

/** Of those who wait at most 170 begin a second: a multiple of the passwords that a machine can judge in it. */
const PAUSE_MS = 6;

/** Resolves when it is the caller's turn, in the order of the calls; at once when nobody was before. */
export function openWay(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  let pausing = false;
  const next = (): void => {
    const begin = waiting.shift();
    pausing = begin !== undefined;
    if (begin === undefined) return;
    begin();
    setTimeout(next, PAUSE_MS);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (!pausing) next();
    });
}
