// Owns: Debian's packages unpacked into a folder, with what they need and this machine lacks: no installation, no root.
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { Fault } from './fault.ts';

/** What apt would install besides what is there; a simulation needs no root. */
function missing(packages: string[]): string[] {
  const simulate = ['install', '--simulate', '--no-install-recommends', ...packages];
  const { stdout } = spawnSync('apt-get', simulate, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return [...(stdout ?? '').matchAll(/^Inst (\S+)/gm)].map(([, name]) => name as string);
}

function download(packages: string[], dir: string): boolean {
  const names = missing(packages);
  return names.length > 0 && spawnSync('apt-get', ['download', ...names], { cwd: dir, stdio: 'ignore' }).status === 0;
}

/** @throws Fault with `how` to get them where this is no Debian, or its mirror cannot be reached. */
export function unpackPackages(packages: string[], dir: string, how: string): void {
  if (spawnSync('dpkg', ['--version'], { stdio: 'ignore' }).status !== 0) throw new Fault(how);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  // A fresh machine has no package lists yet.
  if (!download(packages, dir)) {
    spawnSync('apt-get', ['update'], { stdio: 'ignore' });
    if (!download(packages, dir)) throw new Fault(how);
  }
  for (const deb of readdirSync(dir).filter((name) => name.endsWith('.deb'))) {
    execFileSync('dpkg', ['-x', join(dir, deb), dir]);
    rmSync(join(dir, deb));
  }
}

/** The `LD_LIBRARY_PATH` of what was unpacked there. */
export const librariesOf = (dir: string): string =>
  [...new Set(globSync('{usr/,}lib/**/*.so*', { cwd: dir }).map((file) => join(dir, dirname(file))))].join(delimiter);
