// Usernames of users whose application names none.
import { randomBytes } from 'node:crypto';

const MAX_STEM = 20;
const ALPHABET = 'abcdefghijkmnopqrstuvwxyz2345679';

const suffix = (): string => [...randomBytes(8)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');

/**
 * From the display name, which others see anyway: an external id may be an email or a customer
 * number. 40 random bits make it free; a taken one is tried again.
 */
export function derivedUsername(displayName = ''): string {
  const stem = displayName
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_STEM)
    .replace(/^-+|-+$/g, '');
  return `${stem || 'user'}-${suffix()}`;
}
