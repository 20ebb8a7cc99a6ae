// Owns: a Chromium for the tests in a browser: one on PATH, else Debian's package unpacked into the cache folder.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { librariesOf, unpackPackages } from './debian.ts';
import { Fault } from './fault.ts';
import { REPO } from './settings.ts';

export interface Chromium {
  file: string;
  /** Run it with this. */
  env: NodeJS.ProcessEnv;
}

const CACHE = join(REPO, '.cache', 'chromium');
const FONTS = join(CACHE, 'fonts.conf');
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const PACKAGES = ['chromium-headless-shell', 'fonts-liberation', 'fontconfig-config'];
const HOW = 'no chromium found: install it (Debian: apt-get install chromium)';

const works = ({ file, env }: Chromium): boolean =>
  spawnSync(file, ['--version'], { env, stdio: 'ignore' }).status === 0;

const installed = (): Chromium[] =>
  NAMES.flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, name)))
    .filter((file) => existsSync(file))
    .map((file) => ({ file, env: process.env }));

/** The program itself: Debian's start script reads settings below /etc. */
const unpacked = (): Chromium => ({
  file: join(CACHE, 'usr', 'lib', 'chromium', 'chromium-headless-shell'),
  env: { ...process.env, LD_LIBRARY_PATH: librariesOf(CACHE), FONTCONFIG_FILE: FONTS },
});

function unpack(say: (line: string) => void): void {
  say('fetching Chromium from Debian’s packages (once)');
  unpackPackages(PACKAGES, CACHE, HOW);
  const fonts = join(CACHE, 'usr', 'share', 'fonts');
  const cache = join(CACHE, 'fonts');
  writeFileSync(FONTS, `<fontconfig><dir>${fonts}</dir><cachedir>${cache}</cachedir></fontconfig>\n`);
}

/** @throws Fault with what to install. */
export function chromium(say: (line: string) => void = () => undefined): Chromium {
  const found = [...installed(), unpacked()].find(works);
  if (found !== undefined) return found;
  unpack(say);
  if (!works(unpacked())) throw new Fault(HOW);
  return unpacked();
}
