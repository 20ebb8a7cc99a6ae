// Owns: signed URLs of bytes: good for one file and variant until a time, without a caller.
// Does not own: rights. Whoever holds the URL may read until it expires, also when the rights behind it have ended.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { AppError } from '@chatapi/kit';

export type Variant = 'content' | 'thumbnail';

export interface Signer {
  sign(id: string, variant: Variant): { url: string; expires_at: Date };
  /** @throws AppError AUTHENTICATION_ERROR when forged, for another file or variant, or expired. */
  verify(id: string, variant: Variant, token: string): void;
}

/** `ttlS`: seconds that a URL is good for. */
export function openSigner(secret: string, ttlS: number, now: () => number = Date.now): Signer {
  const key = createHmac('sha256', secret).update('chatapi file url').digest();
  const mac = (id: string, variant: Variant, expires: string): Buffer =>
    createHmac('sha256', key).update(`${id}\n${variant}\n${expires}`).digest();
  return {
    sign(id, variant) {
      const expires_at = new Date((Math.floor(now() / 1000) + ttlS) * 1000);
      const expires = (expires_at.getTime() / 1000).toString(36);
      return {
        url: `/files/${id}/${variant}?token=${expires}.${mac(id, variant, expires).toString('base64url')}`,
        expires_at,
      };
    },
    verify(id, variant, token) {
      const [, expires, given] = /^([0-9a-z]{1,10})\.([A-Za-z0-9_-]{43})$/.exec(token) ?? [];
      const right =
        expires !== undefined &&
        given !== undefined &&
        timingSafeEqual(Buffer.from(given, 'base64url'), mac(id, variant, expires));
      if (!right) throw new AppError('AUTHENTICATION_ERROR', 'This link is not valid');
      if (Number.parseInt(expires, 36) * 1000 <= now())
        throw new AppError('AUTHENTICATION_ERROR', 'This link has expired');
    },
  };
}
