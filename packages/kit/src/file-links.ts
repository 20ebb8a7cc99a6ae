// Owns: signed URLs of bytes: made for one user, good for one file and variant until a time, without a header. `file` checks them;
// whoever shows files to clients signs them.
// Does not own: rights. A link says whose they are; `file` asks for them at each use.
import { createHmac, timingSafeEqual } from 'node:crypto';
import Joi from 'joi';
import { AppError } from './errors.ts';

export type FileVariant = 'content' | 'thumbnail' | 'export';

export interface FileLinks {
  /** `holder`: id of the user to whom it is shown. */
  sign(id: string, variant: FileVariant, holder: string): { url: string; expires_at: Date };
  /** Signs the bare paths of files in JSON. Text in it can't look like one: its quotes are escaped. */
  signIn(json: string, holder: string): string;
  /** @returns whom it was made for. @throws AppError AUTHENTICATION_ERROR when forged, for another file or variant, or expired. */
  verify(id: string, variant: FileVariant, token: string): string;
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

export const filePath = (id: string, variant: FileVariant): string =>
  variant === 'export' ? `/files/exports/${id}` : `/files/${id}/${variant}`;

const BARE = /"(?:url|thumbnail_url)":"\/files\/([A-Za-z0-9_-]+)\/(content|thumbnail)"/g;
const TOKEN = /^([0-9a-z]{1,10})\.([A-Za-z0-9_-]{1,80})\.([A-Za-z0-9_-]{43})$/;

/** Whether JSON bears bare paths of files. */
export const bearsFiles = (json: string | Buffer): boolean => json.includes('"url":"/files/');

/** `ttlS`: seconds that a URL is good for. */
export function openFileLinks(secret: string, ttlS: number, now: () => number = Date.now): FileLinks {
  const key = createHmac('sha256', secret).update('chatapi file url').digest();
  const mac = (id: string, variant: FileVariant, expires: string, holder: string): string =>
    createHmac('sha256', key).update(`${id}\n${variant}\n${expires}\n${holder}`).digest('base64url');
  const sign: FileLinks['sign'] = (id, variant, holder) => {
    const expires_at = new Date((Math.floor(now() / 1000) + ttlS) * 1000);
    const expires = (expires_at.getTime() / 1000).toString(36);
    return {
      url: `${filePath(id, variant)}?token=${expires}.${holder}.${mac(id, variant, expires, holder)}`,
      expires_at,
    };
  };
  return {
    sign,
    signIn: (json, holder) =>
      json.replace(BARE, (_, id: string, variant: FileVariant) => {
        const { url, expires_at } = sign(id, variant, holder);
        return variant === 'thumbnail'
          ? `"thumbnail_url":"${url}"`
          : `"url":"${url}","url_expires_at":"${expires_at.toISOString()}"`;
      }),
    verify(id, variant, token) {
      const [, expires, holder, given] = TOKEN.exec(token) ?? [];
      const right =
        expires !== undefined &&
        holder !== undefined &&
        given !== undefined &&
        // As text: the last character has bits that decoding drops, so that four of them would be the same bytes.
        timingSafeEqual(Buffer.from(given), Buffer.from(mac(id, variant, expires, holder)));
      if (!right) throw new AppError('AUTHENTICATION_ERROR', 'This link is not valid');
      if (Number.parseInt(expires, 36) * 1000 <= now())
        throw new AppError('AUTHENTICATION_ERROR', 'This link has expired');
      return holder;
    },
  };
}
