// A Chromium for browser tests: from PATH, else Debian's package unpacked into the cache folder.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { librariesOf, unpackPackages } from './debian.ts';
import { REPO } from './settings.ts';

export interface Chromium {
  file: string;
  /** Environment to run it with. */
  env: NodeJS.ProcessEnv;
}

const CACHE = join(REPO, '.cache', 'chromium');
const FONTS = join(CACHE, 'fonts.conf');
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const PACKAGES = ['chromium-headless-shell', 'fonts-liberation', 'fonts-noto-color-emoji', 'fontconfig-config'];
/** Caches of earlier versions lack it. */
const EMOJIS = join(CACHE, 'usr', 'share', 'fonts', 'truetype', 'noto', 'NotoColorEmoji.ttf');
const HOW = 'no chromium found: install it (Debian: apt-get install chromium)';

const works = ({ file, env }: Chromium): boolean =>
  spawnSync(file, ['--version'], { env, stdio: 'ignore' }).status === 0;

const installed = (): Chromium[] =>
  NAMES.flatMap((name) => (process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, name)))
    .filter((file) => existsSync(file))
    .map((file) => ({ file, env: process.env }));

/** The binary itself: Debian's start script reads settings in /etc. */
const unpacked = (): Chromium => ({
  file: join(CACHE, 'usr', 'lib', 'chromium', 'chromium-headless-shell'),
  env: { ...process.env, LD_LIBRARY_PATH: librariesOf(CACHE), FONTCONFIG_FILE: FONTS },
});

function writeFonts(): void {
  const fonts = join(CACHE, 'usr', 'share', 'fonts');
  const cache = join(CACHE, 'fonts');
  writeFileSync(FONTS, `<fontconfig><dir>${fonts}</dir><cachedir>${cache}</cachedir></fontconfig>\n`);
}

/** @throws UserError that says what to install. */
export function chromium(say: (line: string) => void = () => undefined): Chromium {
  const found = installed().find(works);
  if (found !== undefined) return found;
  const isUnpacked = (): boolean => existsSync(EMOJIS) && works(unpacked());
  if (!isUnpacked()) {
    say('fetching Chromium from Debian’s packages (once)');
    unpackPackages({ packages: PACKAGES, dir: CACHE, works: isUnpacked, how: HOW });
  }
  if (!existsSync(FONTS)) writeFonts();
  return unpacked();
}
