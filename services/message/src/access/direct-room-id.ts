import { hash } from 'node:crypto';

/** The same id for (a, b) and (b, a). The hash does not reveal the user ids. */
export const directId = (a: string, b: string): string =>
  `dm:${hash('sha256', JSON.stringify([a, b].sort()), 'base64url')}`;
