import { createHash } from 'node:crypto';

/**
 * Names with equal keys are the same name. Not the fold of searches: addresses that differ by an
 * accent are two people's.
 */
export const nameKey = (name: string): string => name.normalize('NFKC').toLowerCase();

/** Hashes names without an account: people may type something secret there, such as a password. */
export const unknownNameKey = (key: string): string =>
  `unknown ${createHash('sha256').update(key).digest('base64url')}`;
