import { hash } from 'node:crypto';

/** The room of two people, the same from both sides. Its id tells nothing of them; the members do. */
export const directId = (a: string, b: string): string =>
  `dm:${hash('sha256', JSON.stringify([a, b].sort()), 'base64url')}`;

/** The other one of a direct room's members, seen from `userId`; oneself in a notebook. */
export const otherOf = (userId: string, members: string[]): string =>
  members.find((member) => member !== userId) ?? userId;
