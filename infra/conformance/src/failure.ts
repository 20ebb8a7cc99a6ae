// Calls that must fail.
import { eventually } from '@chatapi/kit/testing';
import type { SdkError } from './driver.ts';

export const failureOf = (work: Promise<unknown>): Promise<SdkError> =>
  work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: SdkError) => error,
  );

/** The end of a session, a token or a ban holds at every gateway within 1 s of its answer. */
export const failureSoon = (call: () => Promise<unknown>): Promise<SdkError> =>
  eventually(() => failureOf(call()), 10_000);
