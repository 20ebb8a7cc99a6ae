// dnsmasq, a DNS server: from PATH, else Debian's package in the cache folder.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { librariesOf, unpackPackages } from './debian.ts';
import { REPO } from './settings.ts';

const CACHE = join(REPO, '.cache', 'dnsmasq');
const HOW = 'no dnsmasq found: install it (Debian: apt-get install dnsmasq-base)';

interface Program {
  file: string;
  env: NodeJS.ProcessEnv;
}

const works = ({ file, env }: Program): boolean =>
  spawnSync(file, ['--version'], { stdio: 'ignore', env }).status === 0;

/** @throws UserError that says what to install. */
export function dnsmasq(): Program {
  const installed = { file: 'dnsmasq', env: process.env };
  if (works(installed)) return installed;
  const unpacked = (): Program => ({
    file: join(CACHE, 'usr', 'sbin', 'dnsmasq'),
    env: { ...process.env, LD_LIBRARY_PATH: librariesOf(CACHE) },
  });
  const isUnpacked = (): boolean => works(unpacked());
  if (!isUnpacked()) unpackPackages({ packages: ['dnsmasq-base'], dir: CACHE, works: isUnpacked, how: HOW });
  return unpacked();
}
