// Names of cached folders: they change with the sources that determine their contents.
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPO } from './settings.ts';

/** @param sources patterns of files, from the root of the checkout. */
export function fingerprint(sources: string[]): string {
  const hash = createHash('sha256').update(`${process.getuid?.()}`);
  for (const file of globSync(sources, { cwd: REPO }).sort()) hash.update(file).update(readFileSync(join(REPO, file)));
  return hash.digest('hex').slice(0, 16);
}
