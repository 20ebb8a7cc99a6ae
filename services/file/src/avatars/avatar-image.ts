// Reads an uploaded picture and makes the avatar of it: square, re-encoded, without metadata.
import { createHash } from 'node:crypto';
import { AppError, invalidField, unavailable } from '@chatapi/kit';
import sharp from 'sharp';
import { fits } from '../jobs/thumbnails.ts';
import type { FilePart } from '../uploads/multipart.ts';
import { checkedBytes, typeByName } from '../uploads/size-and-type-check.ts';

export const MAX_AVATAR_BYTES = 2 * 1024 * 1024;
/** `.jpeg` is read as `.jpg`. */
const ALLOWED = ['.png', '.jpg', '.webp', '.gif'];
const MAX_SIDE = 512;
/** A file of 2 MiB may unpack to gigabytes. */
const MAX_PIXELS = 25_000_000;
const MAX_SECONDS = 10;
/** Pictures that wait for the one that is rendered. */
const MAX_WAITING = 20;

/** @throws AppError for another type, more bytes or a description. */
export async function readPicture(part: FilePart): Promise<Buffer> {
  const type = typeByName(part.filename, ALLOWED);
  const chunks: Buffer[] = [];
  const source = checkedBytes(part.bytes, type, MAX_AVATAR_BYTES, () => {
    if (part.description() !== undefined) throw invalidField('description', 'description is not allowed');
  });
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function square(bytes: Buffer): Promise<Buffer> {
  const options = { limitInputPixels: MAX_PIXELS, failOn: 'error', sequentialRead: true, pages: 1 } as const;
  const picture = sharp(bytes, options);
  if (!(await fits(picture))) throw new Error('the picture unpacks to too many bytes');
  const { autoOrient } = await picture.metadata();
  const side = Math.min(MAX_SIDE, autoOrient.width, autoOrient.height);
  return await picture
    .rotate()
    .resize({ width: side, height: side, fit: 'cover' })
    .webp({ quality: 80 })
    .timeout({ seconds: MAX_SECONDS })
    .toBuffer();
}

let waiting = 0;
let last: Promise<unknown> = Promise.resolve();

/** One at a time: each holds a whole picture in memory. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (waiting >= MAX_WAITING) throw unavailable('The rendering of avatars');
  waiting++;
  const turn = last.then(work).finally(() => waiting--);
  last = turn.catch(() => undefined);
  return turn;
}

export interface Avatar {
  bytes: Buffer;
  hash: string;
}

/** @throws AppError UNSUPPORTED_MEDIA_TYPE for bytes that are no picture, or a huge one. */
export async function renderAvatar(picture: Buffer): Promise<Avatar> {
  const bytes = await inTurn(() =>
    square(picture).catch((cause) => {
      throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The file can’t be read as a picture', { cause });
    }),
  );
  return { bytes, hash: createHash('sha256').update(bytes).digest('hex').slice(0, 32) };
}
