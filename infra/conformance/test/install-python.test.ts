// The Python SDK as an app gets it: built, and installed into a fresh environment without a network.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { python, REPO } from '@chatapi/local';
import { expect } from 'chai';
import { cluster } from '../src/cluster.ts';
import { type Driver, startDriver } from '../src/driver.ts';
import { KINDS, type Kind } from '../src/kinds.ts';
import { type Person, registered } from '../src/people.ts';

const PACKAGE = join(REPO, 'packages', 'client-python');
const BUILD = `
from setuptools import build_meta
build_meta.build_wheel('dist')
build_meta.build_sdist('dist')`;

const USE = `
import asyncio, os, pathlib, sys
import chatapi_client
from chatapi_client import AsyncChatClient, ChatClient

package = pathlib.Path(chatapi_client.__file__).parent
assert package.is_relative_to(sys.prefix), package
assert (package / 'py.typed').exists()
url, token = os.environ['URL'], os.environ['TOKEN']
with ChatClient(url, token) as client:
    print(client.users.me()['id'])

async def main():
    async with AsyncChatClient(url, token) as client:
        print((await client.users.me())['id'])

asyncio.run(main())`;

describe('the Python SDK, installed from what it is built as', function () {
  this.timeout(120_000);
  let driver: Driver;
  let person: Person;
  let dir: string;
  let env: NodeJS.ProcessEnv;
  let file: string;

  const run = (command: string, args: string[]): string =>
    execFileSync(command, args, { cwd: dir, env, encoding: 'utf8', stdio: 'pipe' });

  before(async () => {
    driver = startDriver(KINDS.find(({ language }) => language === 'python') as Kind);
    person = await registered(driver, cluster().url);
    dir = mkdtempSync(join(tmpdir(), 'chatapi-python-'));
    cpSync(PACKAGE, dir, { recursive: true });
    const found = python();
    file = found.file;
    // What it needs, but not its sources. An environment finds its own home.
    const { PYTHONHOME, PYTHONPATH = '', ...rest } = found.env;
    const libraries = PYTHONPATH.split(delimiter).filter((place) => !place.startsWith(PACKAGE));
    env = { ...rest, PYTHONPATH: libraries.join(delimiter), URL: cluster().url, TOKEN: person.session.access_token };
    execFileSync(file, ['-c', BUILD], { cwd: dir, env: { ...env, PYTHONHOME }, stdio: 'pipe' });
  });
  after(async () => {
    rmSync(dir, { recursive: true, force: true });
    await driver.end();
  });

  for (const [name, ending] of [
    ['wheel', '.whl'],
    ['source distribution', '.tar.gz'],
  ] as const)
    it(`its ${name} installs, needs only what it says, and works in both clients`, () => {
      const built = readdirSync(join(dir, 'dist')).find((entry) => entry.endsWith(ending)) as string;
      const home = join(dir, name.replace(' ', '-'));
      run(file, ['-m', 'venv', '--without-pip', '--system-site-packages', home]);
      const inside = join(home, 'bin', 'python');
      const install = ['install', '--no-index', '--no-build-isolation', '--disable-pip-version-check'];
      run(file, ['-m', 'pip', '--python', inside, ...install, join(dir, 'dist', built)]);
      expect(run(inside, ['-c', USE]).split('\n')).to.deep.equal([person.id, person.id, '']);
    });
});
