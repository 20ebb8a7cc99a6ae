// Writes what a build made into its folder.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A concurrent reader gets the old or the new file, never a part. */
function put(folder: string, name: string, contents: string | Uint8Array): void {
  const part = join(folder, `${name}.${process.pid}.part`);
  writeFileSync(part, contents);
  renameSync(part, join(folder, name));
}

/**
 * Writes the files, those that name others last, and removes what earlier builds left.
 * @param isOurs whether a build writes files of this name.
 */
export function writeFiles(
  folder: string,
  files: Iterable<[name: string, contents: string | Uint8Array]>,
  isOurs: RegExp,
): void {
  mkdirSync(folder, { recursive: true });
  const written = new Set<string>();
  for (const [name, contents] of files) {
    put(folder, name, contents);
    written.add(name);
  }
  for (const name of readdirSync(folder))
    if (isOurs.test(name) && !written.has(name)) rmSync(join(folder, name), { force: true });
}
