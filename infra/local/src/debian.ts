// Unpacks Debian packages with their missing dependencies into a folder, without root.
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { UserError } from './user-error.ts';

/** The packages that apt would install; a simulation needs no root. */
function missing(packages: string[]): string[] {
  const simulate = ['install', '--simulate', '--no-install-recommends', ...packages];
  const { stdout } = spawnSync('apt-get', simulate, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return [...(stdout ?? '').matchAll(/^Inst (\S+)/gm)].map(([, name]) => name as string);
}

function download({ packages, alone = false }: Wanted, dir: string): boolean {
  const names = alone ? packages : missing(packages);
  return names.length > 0 && spawnSync('apt-get', ['download', ...names], { cwd: dir, stdio: 'ignore' }).status === 0;
}

/** @throws UserError with the text `how` if the mirror cannot be reached. */
function unpackInto(dir: string, wanted: Wanted): void {
  // A fresh machine has no package lists.
  if (!download(wanted, dir)) {
    spawnSync('apt-get', ['update'], { stdio: 'ignore' });
    if (!download(wanted, dir)) throw new UserError(wanted.how);
  }
  for (const deb of readdirSync(dir).filter((name) => name.endsWith('.deb'))) {
    execFileSync('dpkg', ['-x', join(dir, deb), dir]);
    rmSync(join(dir, deb));
  }
}

/** Another process may have put a complete folder there; one that does not work is replaced. */
function moveInto(dir: string, unfinished: string, works: () => boolean): void {
  try {
    renameSync(unfinished, dir);
  } catch {
    if (works()) return;
    rmSync(dir, { recursive: true, force: true });
    renameSync(unfinished, dir);
  }
}

export interface Wanted {
  packages: string[];
  /** Without the packages that they depend on. */
  alone?: boolean;
  /** It appears complete, by a rename: several processes may unpack the same one at once. */
  dir: string;
  /** Whether the unpacked folder serves its purpose. */
  works(): boolean;
  /** The error's text: what to install instead. */
  how: string;
}

/** @throws UserError if this is not Debian, or neither its mirror nor the folder works. */
export function unpackPackages(wanted: Wanted): void {
  const { dir, works, how } = wanted;
  if (spawnSync('dpkg', ['--version'], { stdio: 'ignore' }).status !== 0) throw new UserError(how);
  mkdirSync(dirname(dir), { recursive: true });
  const unfinished = mkdtempSync(join(dirname(dir), `${basename(dir)}-`));
  try {
    unpackInto(unfinished, wanted);
    moveInto(dir, unfinished, works);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  if (!works()) throw new UserError(how);
}

/** The `LD_LIBRARY_PATH` for unpacked packages. */
export const librariesOf = (dir: string): string =>
  [...new Set(globSync('{usr/,}lib/**/*.so*', { cwd: dir }).map((file) => join(dir, dirname(file))))].join(delimiter);
