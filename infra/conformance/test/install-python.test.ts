// The Python SDK as an app gets it: built, and installed into a new environment without a network.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { python, REPO } from '@chatapi/local';
import { packPython } from '@chatapi/release';
import { expect } from 'chai';
import { type Person, registered } from '../src/accounts.ts';
import { cluster } from '../src/cluster.ts';
import { type Driver, startDriver } from '../src/driver.ts';
import { SDKS, type Sdk } from '../src/sdks.ts';

const PACKAGE = join(REPO, 'packages', 'client-python');

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
  let built: string[];

  const run = (command: string, args: string[]): string =>
    execFileSync(command, args, { cwd: dir, env, encoding: 'utf8', stdio: 'pipe' });

  before(async () => {
    driver = startDriver(SDKS.find(({ language }) => language === 'python') as Sdk);
    person = await registered(driver, cluster().url);
    dir = mkdtempSync(join(tmpdir(), 'chatapi-python-'));
    built = packPython(join(dir, 'dist'));
    const found = python();
    file = found.file;
    // Its dependencies, but not its sources. An environment finds its own home.
    const { PYTHONHOME: _, PYTHONPATH = '', ...rest } = found.env;
    const libraries = PYTHONPATH.split(delimiter).filter((place) => !place.startsWith(PACKAGE));
    env = { ...rest, PYTHONPATH: libraries.join(delimiter), URL: cluster().url, TOKEN: person.session.access_token };
  });
  after(async () => {
    rmSync(dir, { recursive: true, force: true });
    await driver.end();
  });

  for (const [i, name] of ['wheel', 'source distribution'].entries())
    it(`its ${name} installs, needs only what it says, and works in both clients`, () => {
      const home = join(dir, name.replace(' ', '-'));
      run(file, ['-m', 'venv', '--without-pip', '--system-site-packages', home]);
      const inside = join(home, 'bin', 'python');
      const install = ['install', '--no-index', '--no-build-isolation', '--disable-pip-version-check'];
      run(file, ['-m', 'pip', '--python', inside, ...install, built[i] as string]);
      expect(run(inside, ['-c', USE]).split('\n')).to.deep.equal([person.id, person.id, '']);
    });
});
