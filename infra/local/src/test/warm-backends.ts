// PostgreSQL and Redis that keep running between test runs, so that the next one starts at once.
// They stop after some time without a run.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine } from '../data-dir.ts';
import { startBackends } from '../index.ts';
import { REPO } from '../settings.ts';
import { temporaryFolder } from './memory-folder.ts';

const FILE = join(REPO, '.cache', 'warm-backends.json');
const IDLE_MS = 15 * 60_000;
const START_MS = 30_000;
const PROGRAM = import.meta.filename;

interface Warm {
  pid: number;
  env: NodeJS.ProcessEnv;
}

function running(): Warm | undefined {
  if (!existsSync(FILE)) return undefined;
  const warm = JSON.parse(readFileSync(FILE, 'utf8')) as Warm;
  return commandLine(warm.pid).includes(PROGRAM) ? warm : undefined;
}

/**
 * @returns the environment for tests that need backends.
 * @throws Error when they do not start.
 */
export async function warmBackends(): Promise<NodeJS.ProcessEnv> {
  if (running() === undefined) {
    rmSync(FILE, { force: true });
    spawn(process.execPath, ['--conditions=source', PROGRAM, 'serve'], {
      cwd: REPO,
      detached: true,
      stdio: 'ignore',
    }).unref();
  }
  for (const end = Date.now() + START_MS; Date.now() < end; await sleep(50)) {
    const warm = running();
    if (warm === undefined) continue;
    utimesSync(FILE, new Date(), new Date());
    return warm.env;
  }
  throw new Error('PostgreSQL and Redis for the tests did not start');
}

async function serve(): Promise<void> {
  process.env.TMPDIR = temporaryFolder();
  const backends = await startBackends();
  const env = {
    TEST_DATABASE_URL: backends.postgresUrl,
    TEST_ROLE_PASSWORDS: JSON.stringify(backends.rolePasswords),
    TEST_REDIS_URL: backends.redisUrl,
  };
  mkdirSync(join(REPO, '.cache'), { recursive: true });
  writeFileSync(FILE, JSON.stringify({ pid: process.pid, env } satisfies Warm), { mode: 0o600 });
  const used = (): number => (existsSync(FILE) ? statSync(FILE).mtimeMs : 0);
  const end = async (): Promise<void> => {
    clearInterval(watch);
    await backends.stop();
    rmSync(backends.dataDir, { recursive: true, force: true });
    process.exit(0);
  };
  const watch = setInterval(() => void (Date.now() - used() > IDLE_MS && end()), 1000);
  process.on('SIGTERM', end).on('SIGINT', end);
}

if (process.argv[2] === 'serve' && process.argv[1] === PROGRAM) await serve();
