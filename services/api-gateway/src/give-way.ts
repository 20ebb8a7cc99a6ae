// Owns: that requests which take long anyway hold up nobody: they begin one a turn of the event loop, so that whatever comes
// meanwhile is served between two of them. Fifty logins that arrive at once would else stand before everybody for 40 ms.
import { setImmediate } from 'node:timers';

/** Resolves when it is the caller's turn, in the order of the calls. */
export function openWay(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const next = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(next);
  };
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(next);
    });
}
