// The data folder: locked by one cluster, secrets with mode 600, cluster.json written atomically.
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPO } from './settings.ts';
import { UserError } from './user-error.ts';

export interface Secrets {
  jwt: string;
  internal: string;
  postgres: string;
  roles: string;
}

interface Entry {
  name?: string;
  url: string;
  pid: number;
  internal_url?: string;
}

export interface ClusterFile {
  gateway: Entry;
  services: Entry[];
  postgres: Entry;
  redis: Entry;
}

const random = (): string => randomBytes(36).toString('base64url');

/** The command line of a process from `/proc`; '' if there is none. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

export function openDataDir(dir: string): void {
  try {
    mkdirSync(join(dir, 'logs'), { recursive: true });
    accessSync(dir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new UserError(`no permission to write ${dir} (${(error as NodeJS.ErrnoException).code}): set DATA_DIR`);
  }
}

/** @throws UserError when another cluster uses this folder. */
export function lockDataDir(dir: string): void {
  const file = join(dir, 'runner.pid');
  const [pid = '0', mark = ''] = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const sameProcess = Number(pid) === process.pid;
  if (!sameProcess && mark !== '' && commandLine(Number(pid)) === mark) {
    throw new UserError(`a cluster is already running on ${dir} (pid ${pid}): stop it first, or set DATA_DIR and PORT`);
  }
  writeFileSync(file, `${process.pid}\n${commandLine(process.pid)}`);
}

export const unlockDataDir = (dir: string): void => rmSync(join(dir, 'runner.pid'), { force: true });

export function secretsOf(dir: string): Secrets {
  const file = join(dir, 'secrets.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Secrets;
  const secrets = { jwt: random(), internal: random(), postgres: random(), roles: random() };
  writeFileSync(file, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  return secrets;
}

const clusterFileOf = (dir: string): string => join(dir, 'cluster.json');

export function readClusterFile(dir: string): ClusterFile | undefined {
  try {
    return JSON.parse(readFileSync(clusterFileOf(dir), 'utf8')) as ClusterFile;
  } catch {
    return undefined;
  }
}

export function writeClusterFile(dir: string, cluster: ClusterFile): void {
  const file = clusterFileOf(dir);
  writeFileSync(`${file}.new`, `${JSON.stringify(cluster, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Kills services of a killed runner: they end slowly or, if frozen, never, and hold the ports. */
export function endLeftovers(dir: string): void {
  const cluster = readClusterFile(dir);
  for (const { pid } of cluster === undefined ? [] : [cluster.gateway, ...cluster.services]) {
    if (pid > 0 && commandLine(pid).includes(join(REPO, 'services'))) process.kill(pid, 'SIGKILL');
  }
}
