// Renders thumbnails in bounded memory and time, whatever the bytes claim to be.
import type { Knex } from '@chatapi/kit/data';
import sharp, { type Sharp } from 'sharp';
import { countThumbnailAttempt, getFiles, settleThumbnail } from '../file-store.ts';
import type { Storage } from '../storage/storage.ts';

const MAX_SIDE = 320;
/** Limit of the input, which sharp holds in memory as a whole. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Images above this are not decoded: a PNG of a few kB may unpack to gigabytes. */
const MAX_PIXELS = 40_000_000;
/** Limit of interlaced and progressive images, which are unpacked as a whole; in bytes. */
const MAX_UNPACKED = 128 * 1024 * 1024;
const MAX_SECONDS = 20;
/** An image that crashed its process so often will do it again. */
const MAX_ATTEMPTS = 5;

export const thumbnailKey = (id: string): string => `${id}.webp`;

// No cache: each thumbnail is rendered once. One thread: uploads come first.
sharp.cache(false);
sharp.concurrency(1);

/** Whether it can be unpacked in bounded memory. */
export async function fits(picture: Sharp): Promise<boolean> {
  const { width, height, channels, isProgressive } = await picture.metadata();
  // Two bytes per sample: coefficients of a JPEG, or a PNG of 16 bits.
  return !isProgressive || width * height * channels * 2 <= MAX_UNPACKED;
}

/** @returns undefined when these bytes can't be rendered within the limits; a retry can't help. */
async function shrink(bytes: Buffer): Promise<Buffer | undefined> {
  const picture = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error', sequentialRead: true, pages: 1 });
  try {
    if (!(await fits(picture))) return undefined;
    return await picture
      .rotate()
      .resize({ width: MAX_SIDE, height: MAX_SIDE, fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 80 })
      .timeout({ seconds: MAX_SECONDS })
      .toBuffer();
  } catch {
    return undefined;
  }
}

export interface ThumbnailDeps {
  db: Knex;
  storage: Storage;
}

/** @throws the error of the storage: retry later. */
async function render({ db, storage }: ThumbnailDeps, id: string): Promise<Buffer | undefined> {
  const [file] = await getFiles(db, [id]);
  if (file?.thumbnail !== 'pending' || file.size > MAX_BYTES) return undefined;
  const source = await storage.read(id);
  if (source === undefined) return undefined;
  const bytes = Buffer.concat(await source.toArray());
  // Count the attempt before decoding, so that crashes count too.
  return (await countThumbnailAttempt(db, id)) > MAX_ATTEMPTS ? undefined : shrink(bytes);
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** @returns whether there is a thumbnail now. @throws when a retry may help. */
export async function makeThumbnail(deps: ThumbnailDeps, id: string): Promise<boolean> {
  const { db, storage } = deps;
  const small = await render(deps, id);
  if (small !== undefined) await storage.put(thumbnailKey(id), 'image/webp', once(small));
  await settleThumbnail(db, id, small === undefined ? 'none' : 'ready');
  // The file may have been deleted meanwhile. A repeated job must not remove a finished thumbnail.
  const [file] = await getFiles(db, [id]);
  if (file?.thumbnail !== 'ready') await storage.remove(thumbnailKey(id));
  return file?.thumbnail === 'ready';
}
