import { createHash } from 'node:crypto';

/** Two names are one name when their keys are equal: compatibility forms folded (NFKC), then case. */
export const nameKey = (name: string): string => name.normalize('NFKC').toLowerCase();

/** For names that nobody has: what people type there by mistake (a password, say) is not kept. */
export const unknownKey = (key: string): string => `unknown ${createHash('sha256').update(key).digest('base64url')}`;
