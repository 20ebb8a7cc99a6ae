// Owns: a small picture of a big one, in bounded memory and time, whatever the bytes claim to be.
import type { Knex } from '@chatapi/kit';
import sharp, { type Sharp } from 'sharp';
import { countTry, getFiles, settleThumbnail } from './file-store.ts';
import type { Storage } from './storage.ts';

const MAX_SIDE = 320;
/** sharp holds its input whole. */
const MAX_BYTES = 32 * 1024 * 1024;
/** A PNG of a few kB may unpack to gigabytes: above this nothing is decoded. */
const MAX_PIXELS = 40_000_000;
/** Interlaced and progressive pictures are unpacked whole, the others line by line. */
const MAX_UNPACKED = 128 * 1024 * 1024;
const MAX_SECONDS = 20;
/** A picture that brought its process down so often, by whatever a decoder does, will do it again. */
const MAX_TRIES = 5;

export const thumbnailKey = (id: string): string => `${id}.webp`;

// Each picture is made once: keeping decoded ones would only hold memory. One thread: uploads come first.
sharp.cache(false);
sharp.concurrency(1);

async function fits(picture: Sharp): Promise<boolean> {
  const { width, height, channels, isProgressive } = await picture.metadata();
  // Two bytes a sample: a JPEG's coefficients, a PNG of 16 bits.
  return !isProgressive || width * height * channels * 2 <= MAX_UNPACKED;
}

/** @returns undefined when these bytes can't be drawn within our means: the same bytes would fail the same way. */
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

/** @throws what the store throws, which is worth another try. */
async function draw({ db, storage }: ThumbnailDeps, id: string): Promise<Buffer | undefined> {
  const [file] = await getFiles(db, [id]);
  if (file?.thumbnail !== 'pending' || file.size > MAX_BYTES) return undefined;
  const source = await storage.read(id);
  if (source === undefined) return undefined;
  const bytes = Buffer.concat(await source.toArray());
  // On record before anything is decoded: what ends this process is counted too.
  return (await countTry(db, id)) > MAX_TRIES ? undefined : shrink(bytes);
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** @returns whether there is one now. @throws when trying again may help. */
export async function makeThumbnail(deps: ThumbnailDeps, id: string): Promise<boolean> {
  const { db, storage } = deps;
  const small = await draw(deps, id);
  if (small !== undefined) await storage.put(thumbnailKey(id), 'image/webp', once(small));
  await settleThumbnail(db, id, small === undefined ? 'none' : 'ready');
  // The file may have been deleted meanwhile; a second run of the same job finds it settled and must not remove it.
  const [file] = await getFiles(db, [id]);
  if (file?.thumbnail !== 'ready') await storage.remove(thumbnailKey(id));
  return file?.thumbnail === 'ready';
}
