// A Redis server: from PATH, else Debian's package unpacked into the cache folder, without root.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { commandLine, readClusterFile } from './data-dir.ts';
import { REPO } from './settings.ts';
import { type Command, killedWithParent } from './supervise.ts';
import { UserError } from './user-error.ts';

const CACHE = join(REPO, '.cache', 'redis');
const PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1'];
const HOW =
  'no redis-server or valkey-server found: install one (Debian: apt-get install redis-server), or set REDIS_URL';

function onPath(): string | undefined {
  for (const name of ['redis-server', 'valkey-server']) {
    for (const dir of (process.env.PATH ?? '').split(delimiter))
      if (existsSync(join(dir, name))) return join(dir, name);
  }
  return undefined;
}

const download = (): boolean =>
  spawnSync('apt-get', ['download', ...PACKAGES], { cwd: CACHE, stdio: 'ignore' }).status === 0;

function unpacked(say: (line: string) => void): { file: string; libraries: string } {
  const file = join(CACHE, 'usr', 'bin', 'redis-server');
  if (!existsSync(file)) {
    if (spawnSync('dpkg', ['--version'], { stdio: 'ignore' }).status !== 0) throw new UserError(HOW);
    say('fetching Redis from Debian’s packages (once)');
    mkdirSync(CACHE, { recursive: true });
    // A fresh machine has no package lists.
    if (!download()) {
      spawnSync('apt-get', ['update'], { stdio: 'ignore' });
      if (!download()) throw new UserError(HOW);
    }
    for (const deb of readdirSync(CACHE).filter((name) => name.endsWith('.deb')))
      execFileSync('dpkg', ['-x', join(CACHE, deb), CACHE]);
  }
  const libraries = readdirSync(join(CACHE, 'usr', 'lib')).map((dir) => join(CACHE, 'usr', 'lib', dir));
  return { file, libraries: libraries.join(delimiter) };
}

/** Stops the server of a killed runner. */
function endLeftover(dataDir: string): void {
  const pid = readClusterFile(dataDir)?.redis?.pid;
  if (pid !== undefined && commandLine(pid).includes('redis')) process.kill(pid, 'SIGTERM');
}

export function redisCommand(dataDir: string, port: number, say: (line: string) => void): Command {
  endLeftover(dataDir);
  const found = onPath();
  const { file, libraries } = found === undefined ? unpacked(say) : { file: found, libraries: undefined };
  const dir = join(dataDir, 'redis');
  mkdirSync(dir, { recursive: true });
  const settings = {
    port,
    bind: '127.0.0.1',
    dir,
    appendonly: 'yes',
    save: '',
    'maxmemory-policy': 'noeviction',
    'tcp-backlog': 511,
  };
  const args = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, String(value)]);
  return {
    ...killedWithParent({ file, args }, 'TERM'),
    env: libraries === undefined ? process.env : { ...process.env, LD_LIBRARY_PATH: libraries },
  };
}
