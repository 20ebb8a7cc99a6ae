// The data folder: locked by one cluster, secrets with mode 600, cluster.json written atomically.
import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVICES } from '@chatapi/kit/auth';
import { REPO, type ServiceDir } from './settings.ts';
import { UserError } from './user-error.ts';

/** Database role of each service with data. */
export const ROLES: Partial<Record<ServiceDir, string>> = {
  auth: 'chatapi_auth',
  user: 'chatapi_user',
  message: 'chatapi_message',
  file: 'chatapi_file',
  admin: 'chatapi_admin',
  integration: 'chatapi_integration',
};

export interface Secrets {
  jwt: string;
  /** Signs URLs of files. */
  files: string;
  /** Encrypts secrets that auth stores. */
  sealing: string;
  postgres: string;
  /** Passwords of the services' database roles. */
  roles: Record<string, string>;
  /** The own key of each service. */
  services: Record<ServiceDir, string>;
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
const rolePasswords = (): Record<string, string> =>
  Object.fromEntries(Object.values(ROLES).map((role) => [role, random()]));
const serviceKey = (): string => randomBytes(32).toString('base64url');

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
  const known = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Secrets> & { internal?: string })
    : {};
  const secrets: Secrets = {
    jwt: random(),
    // Folders of earlier versions: so that their URLs of files stay valid.
    files: known.internal ?? random(),
    sealing: random(),
    postgres: random(),
    ...known,
    // Services that the version of the folder did not have get theirs.
    services: {
      ...(Object.fromEntries(SERVICES.map((name) => [name, serviceKey()])) as Record<ServiceDir, string>),
      ...known.services,
    },
    // Earlier versions had one password for all roles.
    roles: { ...rolePasswords(), ...(typeof known.roles === 'object' ? known.roles : {}) },
  };
  const text = JSON.stringify(secrets, null, 2);
  if (text !== JSON.stringify(known, null, 2)) writeFileSync(file, text, { mode: 0o600 });
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
