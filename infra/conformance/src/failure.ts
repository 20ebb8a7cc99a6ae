// Calls that must fail.
import type { SdkError } from './driver.ts';

export const failureOf = (work: Promise<unknown>): Promise<SdkError> =>
  work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: SdkError) => error,
  );
