// A Python that can run, test and build the Python SDK: an installed one with the needed packages,
// else Debian's packages unpacked into the cache folder, without root.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { librariesOf, unpackPackages } from './debian.ts';
import { REPO } from './settings.ts';

export interface Python {
  /** Path of the interpreter, 3.9 or newer. */
  file: string;
  /** Environment with which `httpx`, `websockets` and `chatapi_client` can be imported. */
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
    // Compiles once, outside the source folders.
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

/** @throws UserError that says what to install. */
export function python(say: (line: string) => void = () => undefined): Python {
  found ??= installed().find(works) ?? unpacked().find(works);
  if (found === undefined) {
    say('fetching Python’s packages from Debian’s packages (once)');
    unpackPackages({ packages: PACKAGES, dir: CACHE, works: () => unpacked().some(works), how: HOW });
    found = unpacked().find(works) as Python;
  }
  return found;
}
