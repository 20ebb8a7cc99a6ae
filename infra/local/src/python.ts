// Owns: a Python that can run, test and build the Python SDK: one on this machine that has what they need, else Debian's
// packages unpacked into the cache folder (no installation, no root).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { librariesOf, unpackPackages } from './debian.ts';
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
const PACKAGES = ['python3-httpx', 'python3-websockets', 'python3-pip', 'python3-setuptools', 'python3-wheel', 'mypy'];
const HOW =
  'no python3 (3.9 or newer) with httpx, websockets, pip, setuptools and wheel found: install them (Debian: apt-get install python3-httpx python3-websockets python3-pip python3-setuptools python3-wheel)';
const PROBE = 'import sys, httpx, websockets, setuptools, wheel, pip; sys.exit(sys.version_info < (3, 9))';

const works = ({ file, env }: Python): boolean => spawnSync(file, ['-c', PROBE], { env, stdio: 'ignore' }).status === 0;

const withPath = (...more: string[]): NodeJS.ProcessEnv => {
  const { PYTHONPATH } = process.env;
  return {
    ...process.env,
    PYTHONPATH: [SDK, ...more, PYTHONPATH].filter(Boolean).join(delimiter),
    // Compiled once, and into nobody’s folder.
    PYTHONDONTWRITEBYTECODE: '',
    PYTHONPYCACHEPREFIX: join(REPO, '.cache', 'pycache'),
  };
};

const installed = (): Python[] =>
  [...new Set([...(process.env.PATH ?? '').split(delimiter), '/usr/bin'])]
    .map((dir) => join(dir, 'python3'))
    .filter((file) => existsSync(file))
    .map((file) => ({ file, env: withPath() }));

function unpacked(): Python[] {
  const usr = join(CACHE, 'usr');
  const env = withPath(join(usr, 'lib', 'python3', 'dist-packages'));
  const system = { file: '/usr/bin/python3', env };
  const own = join(usr, 'bin', 'python3');
  if (!existsSync(own)) return existsSync(system.file) ? [system] : [];
  return [{ file: own, env: { ...env, PYTHONHOME: usr, LD_LIBRARY_PATH: librariesOf(CACHE) } }];
}

let found: Python | undefined;

/** @throws Fault with what to install. */
export function python(say: (line: string) => void = () => undefined): Python {
  found ??= installed().find(works) ?? unpacked().find(works);
  if (found === undefined) {
    say('fetching Python’s packages from Debian’s packages (once)');
    unpackPackages(PACKAGES, CACHE, HOW);
    found = unpacked().find(works);
  }
  if (found === undefined) throw new Fault(HOW);
  return found;
}
