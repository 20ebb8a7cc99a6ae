// Owns: a small picture of a big one, in bounded memory and time, whatever the bytes claim to be.
import { pipeline } from 'node:stream/promises';
import type { Knex } from '@chatapi/kit';
import sharp from 'sharp';
import { getFiles, settleThumbnail } from './file-store.ts';
import type { Storage } from './storage.ts';

const MAX_SIDE = 320;
/** A PNG of a few kB may unpack to gigabytes: above this nothing is decoded. */
const MAX_PIXELS = 40_000_000;
const MAX_SECONDS = 10;

export const thumbnailKey = (id: string): string => `${id}.webp`;

// Each picture is made once: keeping decoded ones would only hold memory. One thread: uploads come first.
sharp.cache(false);
sharp.concurrency(1);

const shrinker = () =>
  sharp({ limitInputPixels: MAX_PIXELS, failOn: 'error', sequentialRead: true, pages: 1 })
    .rotate()
    .resize({ width: MAX_SIDE, height: MAX_SIDE, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 80 })
    .timeout({ seconds: MAX_SECONDS });

export interface ThumbnailDeps {
  db: Knex;
  storage: Storage;
}

/**
 * @returns undefined when these bytes can't be drawn: the same bytes would fail the same way.
 * @throws what the store throws, which is worth another try.
 */
async function draw(storage: Storage, id: string): Promise<Buffer | undefined> {
  const source = await storage.read(id);
  if (source === undefined) return undefined;
  const shrink = shrinker();
  let readError: unknown;
  source.once('error', (error) => {
    readError = error;
  });
  const feeding = pipeline(source, shrink).catch(() => undefined);
  const small = await shrink.toBuffer().catch(() => undefined);
  source.destroy();
  await feeding;
  if (readError !== undefined) throw readError;
  return small;
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** @returns whether there is one now. @throws when trying again may help. */
export async function makeThumbnail({ db, storage }: ThumbnailDeps, id: string): Promise<boolean> {
  const small = await draw(storage, id);
  if (small !== undefined) await storage.put(thumbnailKey(id), 'image/webp', once(small));
  await settleThumbnail(db, id, small === undefined ? 'none' : 'ready');
  // The file may have been deleted meanwhile; a second run of the same job finds it settled and must not remove it.
  const [file] = await getFiles(db, [id]);
  if (file?.thumbnail !== 'ready') await storage.remove(thumbnailKey(id));
  return file?.thumbnail === 'ready';
}
