// Secrets that must be read again, such as those with which an application signs: in the database
// they are encrypted (AES-256-GCM), so that a dump alone is worth nothing.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { AppError, unavailable } from '@chatapi/kit';
import type { Config } from './config.ts';

type Keys = Pick<Config, 'SEALING_KEY' | 'SEALING_KEY_PREVIOUS'>;

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const keyOf = (secret: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', 'chatapi sealed secrets', 32));

/**
 * @param owner id of the row: what is moved to another row can't be opened.
 * @throws SERVICE_UNAVAILABLE without SEALING_KEY.
 */
export function seal({ SEALING_KEY }: Keys, owner: string, text: string): Buffer {
  if (SEALING_KEY === undefined)
    throw new AppError('SERVICE_UNAVAILABLE', 'Secrets can’t be stored: SEALING_KEY is not set', {
      details: { reason: 'sealing_key_missing' },
    });
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(SEALING_KEY), nonce).setAAD(Buffer.from(owner));
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

function tryKey(secret: string, owner: string, sealed: Buffer): string | undefined {
  const decipher = createDecipheriv(CIPHER, keyOf(secret), sealed.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(owner))
    .setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined;
  }
}

/** @throws SERVICE_UNAVAILABLE when it was sealed with a key that is not in the settings. */
export function unseal({ SEALING_KEY, SEALING_KEY_PREVIOUS }: Keys, owner: string, sealed: Buffer): string {
  for (const secret of [SEALING_KEY, SEALING_KEY_PREVIOUS]) {
    const text = secret === undefined ? undefined : tryKey(secret, owner, sealed);
    if (text !== undefined) return text;
  }
  throw unavailable('A stored secret', new Error(`${owner} was sealed with another SEALING_KEY`));
}

/** What it was sealed with, for a change of the key. */
export const isSealedWithCurrent = ({ SEALING_KEY }: Keys, owner: string, sealed: Buffer): boolean =>
  SEALING_KEY !== undefined && tryKey(SEALING_KEY, owner, sealed) !== undefined;
