/** What became of one send of a batch. */
export type Outcome<R> =
  | { kind: 'sent'; result: R }
  | { kind: 'refused'; error: Error }
  /** Nothing is decided: the send goes into the next round or batch. */
  | { kind: 'retry' };

export const RETRY: { kind: 'retry' } = { kind: 'retry' };
