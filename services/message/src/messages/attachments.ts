import type { FileLinks } from '@chatapi/kit/auth';
import type { Attachment, StoredAttachment } from '../log/message.ts';

/**
 * With signed URLs for `holder`, usable in an `<img>` until they expire. GET /files/{id} gives
 * fresh ones.
 */
export const signed = (links: FileLinks, attachments: StoredAttachment[], holder: string): Attachment[] =>
  attachments.map((one) => {
    const { url, expires_at } = links.sign(one.id, 'content', holder);
    const thumbnail_url = one.thumbnail_url === null ? null : links.sign(one.id, 'thumbnail', holder).url;
    return { ...one, url, url_expires_at: expires_at.toISOString(), thumbnail_url };
  });
