// Owns: signed URLs of bytes: good for one file and variant until a time, without a caller. `file` checks them; whoever shows
// files to clients signs them.
// Does not own: rights. Whoever holds the URL may read until it expires, also when the rights behind it have ended.
import { createHmac, timingSafeEqual } from 'node:crypto';
import Joi from 'joi';
import { AppError } from './errors.ts';

export type FileVariant = 'content' | 'thumbnail' | 'export';

export interface FileLinks {
  sign(id: string, variant: FileVariant): { url: string; expires_at: Date };
  /** @throws AppError AUTHENTICATION_ERROR when forged, for another file or variant, or expired. */
  verify(id: string, variant: FileVariant, token: string): void;
}

export interface FileLinkSettings {
  FILE_URL_TTL: number;
}

/** The setting of every service that signs. */
export const fileLinkSettings = (): Record<keyof FileLinkSettings, Joi.Schema> => ({
  FILE_URL_TTL: Joi.number()
    .integer()
    .min(1)
    .max(604_800)
    .default(3600)
    .description('seconds that a signed URL is good for'),
});

const pathOf = (id: string, variant: FileVariant): string =>
  variant === 'export' ? `/files/exports/${id}` : `/files/${id}/${variant}`;

/** `ttlS`: seconds that a URL is good for. */
export function openFileLinks(secret: string, ttlS: number, now: () => number = Date.now): FileLinks {
  const key = createHmac('sha256', secret).update('chatapi file url').digest();
  const mac = (id: string, variant: FileVariant, expires: string): string =>
    createHmac('sha256', key).update(`${id}\n${variant}\n${expires}`).digest('base64url');
  return {
    sign(id, variant) {
      const expires_at = new Date((Math.floor(now() / 1000) + ttlS) * 1000);
      const expires = (expires_at.getTime() / 1000).toString(36);
      return {
        url: `${pathOf(id, variant)}?token=${expires}.${mac(id, variant, expires)}`,
        expires_at,
      };
    },
    verify(id, variant, token) {
      const [, expires, given] = /^([0-9a-z]{1,10})\.([A-Za-z0-9_-]{43})$/.exec(token) ?? [];
      const right =
        expires !== undefined &&
        given !== undefined &&
        // As text: the last character has bits that decoding drops, so that four of them would be the same bytes.
        timingSafeEqual(Buffer.from(given), Buffer.from(mac(id, variant, expires)));
      if (!right) throw new AppError('AUTHENTICATION_ERROR', 'This link is not valid');
      if (Number.parseInt(expires, 36) * 1000 <= now())
        throw new AppError('AUTHENTICATION_ERROR', 'This link has expired');
    },
  };
}
