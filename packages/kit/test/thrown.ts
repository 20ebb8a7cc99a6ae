import type { AppError } from '../src/errors.ts';

export async function thrownBy(work: Promise<unknown>): Promise<AppError> {
  try {
    await work;
  } catch (error) {
    return error as AppError;
  }
  throw new Error('nothing was thrown');
}
