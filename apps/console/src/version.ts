import { useCallback, useState } from 'preact/hooks';

/** A number that lists watch, and what raises it after an act. */
export function useVersion(): [version: number, raise: () => void] {
  const [version, set] = useState(0);
  return [version, useCallback(() => set((last) => last + 1), [])];
}
