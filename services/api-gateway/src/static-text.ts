// A text that is sent as it is, with an ETag of its contents.
import { createHash } from 'node:crypto';

export interface StaticText {
  type: string;
  text: string | Buffer;
  etag: string;
}

export const staticText = (type: string, text: string | Buffer): StaticText => ({
  type,
  text,
  etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`,
});
