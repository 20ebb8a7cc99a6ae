// Prometheus' promtool for tests of alerts: from PATH, else Debian's package in the cache folder.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { unpackPackages } from './debian.ts';
import { REPO } from './settings.ts';

const CACHE = join(REPO, '.cache', 'prometheus');
const UNPACKED = join(CACHE, 'usr', 'bin', 'promtool');
const HOW = 'no promtool found: install Prometheus (Debian: apt-get install prometheus)';

const works = (file: string): boolean => spawnSync(file, ['--version'], { stdio: 'ignore' }).status === 0;

/**
 * The path of promtool.
 * @throws UserError that says what to install.
 */
export function promtool(): string {
  if (works('promtool')) return 'promtool';
  const isUnpacked = (): boolean => works(UNPACKED);
  // Most of the packages that it depends on are for Prometheus' pages.
  if (!isUnpacked()) unpackPackages({ packages: ['prometheus'], alone: true, dir: CACHE, works: isUnpacked, how: HOW });
  return UNPACKED;
}
