// Signed URLs of file content: for one user, one file and variant, until an expiry time. They hold
// no rights: the file service checks the holder's rights at each use.
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import Joi from 'joi';
import { secret } from '../config.ts';
import { AppError } from '../errors.ts';

export type FileVariant = 'content' | 'thumbnail' | 'export';

export interface FileLinks {
  /** @param holder id of the user who receives the URL. */
  sign(id: string, variant: FileVariant, holder: string): { url: string; expires_at: Date };
  /**
   * Signs the plain file paths in JSON. Text can't look like one: its quotes are escaped. Objects
   * of others can: see `withoutLinks`.
   */
  signIn(json: string, holder: string): string;
  /**
   * @returns the holder.
   * @throws AppError AUTHENTICATION_ERROR when forged, for another file or variant, or expired.
   */
  verify(id: string, variant: FileVariant, token: string): string;
}

export interface FileLinkSettings {
  FILE_URL_TTL: number;
  FILE_LINK_SECRET: string;
  FILE_LINK_SECRET_PREVIOUS?: string;
}

/** The settings of every service that signs URLs. */
export const fileLinkSettings = (): Record<keyof FileLinkSettings, Joi.Schema> => ({
  FILE_URL_TTL: Joi.number()
    .integer()
    .min(1)
    .max(604_800)
    .default(3600)
    .description('lifetime of signed file URLs, in seconds'),
  FILE_LINK_SECRET: secret()
    .required()
    .description('secret that signs URLs of files; the same for realtime-gateway, message and file'),
  FILE_LINK_SECRET_PREVIOUS: secret().description(
    'another FILE_LINK_SECRET, accepted until URLs signed with it have expired',
  ),
});

export const filePath = (id: string, variant: FileVariant): string =>
  variant === 'export' ? `/files/exports/${id}` : `/files/${id}/${variant}`;

const PLAIN_PATH = /"(?:url|thumbnail_url)":"\/files\/([A-Za-z0-9_-]+)\/(content|thumbnail)"/g;
const TOKEN = /^([0-9a-z]{1,10})\.([A-Za-z0-9_-]{1,80})\.([A-Za-z0-9_-]{43})$/;

/**
 * The same JSON in a spelling in which nothing is signed. For what an application wrote: only paths
 * of attachments are signed.
 */
export const withoutLinks = (json: string): string => json.replaceAll('"/files/', '"\\/files/');

/** Whether JSON contains plain file paths. */
export const bearsFiles = (json: string | Buffer): boolean => json.includes('"url":"/files/');

export function createFileLinks(settings: FileLinkSettings, now: () => number = Date.now): FileLinks {
  const { FILE_URL_TTL: ttlS, FILE_LINK_SECRET, FILE_LINK_SECRET_PREVIOUS } = settings;
  const keyOf = (text: string): Buffer => createHmac('sha256', text).update('chatapi file url').digest();
  const own = createSecretKey(keyOf(FILE_LINK_SECRET));
  const keys = [
    own,
    ...(FILE_LINK_SECRET_PREVIOUS === undefined ? [] : [createSecretKey(keyOf(FILE_LINK_SECRET_PREVIOUS))]),
  ];
  const mac = (key: KeyObject, id: string, variant: FileVariant, expires: string, holder: string): string =>
    createHmac('sha256', key).update(`${id}\n${variant}\n${expires}\n${holder}`).digest('base64url');
  const sign: FileLinks['sign'] = (id, variant, holder) => {
    const expires_at = new Date((Math.floor(now() / 1000) + ttlS) * 1000);
    const expires = (expires_at.getTime() / 1000).toString(36);
    return {
      url: `${filePath(id, variant)}?token=${expires}.${holder}.${mac(own, id, variant, expires, holder)}`,
      expires_at,
    };
  };
  return {
    sign,
    signIn: (json, holder) =>
      json.replace(PLAIN_PATH, (_, id: string, variant: FileVariant) => {
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
        // Compared as text: decoding ignores some bits of the last character, so four texts would
        // be the same bytes.
        keys.some((key) => timingSafeEqual(Buffer.from(given), Buffer.from(mac(key, id, variant, expires, holder))));
      if (!right) throw new AppError('AUTHENTICATION_ERROR', 'This link is not valid');
      if (Number.parseInt(expires, 36) * 1000 <= now())
        throw new AppError('AUTHENTICATION_ERROR', 'This link has expired');
      return holder;
    },
  };
}
