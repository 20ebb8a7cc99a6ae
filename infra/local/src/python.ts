// Owns: a Python that can run the Python SDK and its tests: one on this machine that has what they need, else Debian's
// packages unpacked into the cache folder (no installation, no root).
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Fault } from './fault.ts';
import { REPO } from './settings.ts';

export interface Python {
  /** The interpreter, 3.9 or newer. */
  file: string;
  /** Run it with this: `httpx`, `websockets` and `chatapi_client` can be imported. */
  env: NodeJS.ProcessEnv;
}

const CACHE = join(REPO, '.cache', 'python');
const SDK = join(REPO, 'packages', 'client-python', 'src');
const PACKAGES = ['python3-httpx', 'python3-websockets', 'mypy'];
const HOW =
  'no python3 (3.9 or newer) with httpx and websockets found: install them (Debian: apt-get install python3-httpx python3-websockets)';
const PROBE = 'import sys, httpx, websockets; sys.exit(sys.version_info < (3, 9))';

const works = ({ file, env }: Python): boolean => spawnSync(file, ['-c', PROBE], { env, stdio: 'ignore' }).status === 0;

const withPath = (...more: string[]): NodeJS.ProcessEnv => {
  const { PYTHONPATH } = process.env;
  return {
    ...process.env,
    PYTHONPATH: [SDK, ...more, PYTHONPATH].filter(Boolean).join(delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
  };
};

const installed = (): Python[] =>
  [...new Set([...(process.env.PATH ?? '').split(delimiter), '/usr/bin'])]
    .map((dir) => join(dir, 'python3'))
    .filter((file) => existsSync(file))
    .map((file) => ({ file, env: withPath() }));

/** What apt would install besides what is there; a simulation needs no root. */
function missing(): string[] {
  const simulate = ['install', '--simulate', '--no-install-recommends', ...PACKAGES];
  const { stdout } = spawnSync('apt-get', simulate, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return [...(stdout ?? '').matchAll(/^Inst (\S+)/gm)].map(([, name]) => name as string);
}

function download(): boolean {
  const names = missing();
  return names.length > 0 && spawnSync('apt-get', ['download', ...names], { cwd: CACHE, stdio: 'ignore' }).status === 0;
}

function unpack(say: (line: string) => void): void {
  if (spawnSync('dpkg', ['--version'], { stdio: 'ignore' }).status !== 0) throw new Fault(HOW);
  say('fetching Python’s httpx and websockets from Debian’s packages (once)');
  rmSync(CACHE, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  // A fresh machine has no package lists yet.
  if (!download()) {
    spawnSync('apt-get', ['update'], { stdio: 'ignore' });
    if (!download()) throw new Fault(HOW);
  }
  for (const deb of readdirSync(CACHE).filter((name) => name.endsWith('.deb')))
    execFileSync('dpkg', ['-x', join(CACHE, deb), CACHE]);
}

function unpacked(): Python[] {
  const usr = join(CACHE, 'usr');
  const env = withPath(join(usr, 'lib', 'python3', 'dist-packages'));
  const system = { file: '/usr/bin/python3', env };
  const own = join(usr, 'bin', 'python3');
  if (!existsSync(own)) return existsSync(system.file) ? [system] : [];
  const libraries = [join(usr, 'lib'), join(CACHE, 'lib')].flatMap((lib) =>
    existsSync(lib) ? readdirSync(lib).map((dir) => join(lib, dir)) : [],
  );
  return [{ file: own, env: { ...env, PYTHONHOME: usr, LD_LIBRARY_PATH: libraries.join(delimiter) } }];
}

let found: Python | undefined;

/** @throws Fault with what to install. */
export function python(say: (line: string) => void = () => undefined): Python {
  found ??= installed().find(works) ?? unpacked().find(works);
  if (found === undefined) {
    unpack(say);
    found = unpacked().find(works);
  }
  if (found === undefined) throw new Fault(HOW);
  return found;
}
