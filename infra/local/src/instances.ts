// Owns: which processes there are, their names, ports and environment: the same variables that compose and Kubernetes set.
import { join } from 'node:path';
import type { Secrets } from './data-dir.ts';
import { claimPort, freePort } from './ports.ts';
import { ROLES, roleUrl } from './provision.ts';
import { REPO, type ServiceDir, type Settings } from './settings.ts';
import type { Command } from './supervise.ts';

export interface Instance {
  name: string;
  dir: ServiceDir;
  port: number;
  internalPort: number;
}

export const DIRS: ServiceDir[] = ['api-gateway', 'auth', 'user', 'message', 'file', 'admin', 'realtime-gateway'];
const VARIABLE: Record<ServiceDir, string> = {
  'api-gateway': 'GATEWAY',
  auth: 'AUTH',
  user: 'USER',
  message: 'MESSAGE',
  file: 'FILE',
  admin: 'ADMIN',
  'realtime-gateway': 'REALTIME',
};

function nameOf(dir: ServiceDir, index: number, count: number): string {
  if (dir === 'realtime-gateway') return `realtime-${index + 1}`;
  return count === 1 || (dir === 'api-gateway' && index === 0) ? dir : `${dir}-${index + 1}`;
}

function portOf(settings: Settings, dir: ServiceDir, index: number): Promise<number> {
  if (dir === 'api-gateway' && index === 0) return claimPort(settings.port, 'PORT');
  if (dir === 'realtime-gateway')
    return claimPort(settings.realtimePort === 0 ? 0 : settings.realtimePort + index, 'REALTIME_PORT');
  return freePort();
}

export async function planInstances(settings: Settings): Promise<Instance[]> {
  const instances: Instance[] = [];
  for (const dir of DIRS) {
    for (let i = 0; i < settings.counts[dir]; i++) {
      const port = await portOf(settings, dir, i);
      instances.push({ name: nameOf(dir, i, settings.counts[dir]), dir, port, internalPort: await freePort() });
    }
  }
  return instances;
}

export const urlOf = ({ port }: Instance): string => `http://127.0.0.1:${port}`;
export const internalUrlOf = ({ internalPort }: Instance): string => `http://127.0.0.1:${internalPort}`;

export interface Backends {
  postgresUrl: string;
  redisUrl: string;
}

/** What every process gets to know about the others. */
function addresses(instances: Instance[]): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    INSTANCES: JSON.stringify(instances.map((i) => ({ name: i.name, service: i.dir, internal_url: internalUrlOf(i) }))),
  };
  for (const dir of DIRS) {
    const mine = instances.filter((instance) => instance.dir === dir);
    env[`${VARIABLE[dir]}_URL`] = mine.map(urlOf).join(',');
    env[`${VARIABLE[dir]}_INTERNAL_URL`] = mine.map(internalUrlOf).join(',');
  }
  return env;
}

/** Who signs access tokens, who verifies them; nobody else's process has the secret in it. */
const KNOWS: Record<string, ServiceDir[]> = {
  JWT_PRIVATE_KEY: ['auth'],
  JWT_PRIVATE_KEY_FILE: ['auth'],
  JWT_SECRET_KEY: ['auth', 'api-gateway', 'realtime-gateway'],
  JWT_SECRET_KEY_PREVIOUS: ['api-gateway', 'realtime-gateway'],
};
const mayKnow = (dir: ServiceDir, name: string): boolean => KNOWS[name]?.includes(dir) ?? true;

/**
 * A node holds many long-lived objects. A nursery of three times 32 MiB, to which V8 would go, is never given back, and buys nothing: nodes
 * were no slower with half of it. compose and k8s say the same.
 */
const FLAGS: Partial<Record<ServiceDir, string[]>> = { 'realtime-gateway': ['--max-semi-space-size=16'] };

const FACES_WORLD = new Set<ServiceDir>(['api-gateway', 'realtime-gateway']);

export interface World {
  settings: Settings;
  instances: Instance[];
  secrets: Secrets;
  backends: Backends;
  admin: { username: string; email: string; password: string } | undefined;
}

function environment(world: World, { name, dir, port, internalPort }: Instance): NodeJS.ProcessEnv {
  const { settings, secrets, backends } = world;
  const role = ROLES[dir];
  // The superuser's address and the first admin's password are not every process' business.
  const { DATABASE_URL: _, ADMIN_USERNAME: _u, ADMIN_EMAIL: _e, ADMIN_PASSWORD: _p, ...given } = settings.env;
  const all: NodeJS.ProcessEnv = {
    UPLOAD_DIR: join(settings.dataDir, 'uploads'),
    DISK_PATH: settings.dataDir,
    JWT_SECRET_KEY: secrets.jwt,
    INTERNAL_SECRET_KEY: secrets.internal,
    DRAIN_MS: '2000',
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '')),
    ...addresses(world.instances),
    REDIS_URL: backends.redisUrl,
    INSTANCE: name,
    PORT: String(port),
    INTERNAL_PORT: String(internalPort),
    CHATAPI_SUPERVISED: 'true',
    // Stripping types and compiling costs more than half of a start; done once it is kept.
    NODE_COMPILE_CACHE: join(REPO, '.cache', 'compile'),
    // Node hands it on by itself unless it is there, be it empty.
    NODE_V8_COVERAGE: settings.env.NODE_V8_COVERAGE ?? '',
    ...(FACES_WORLD.has(dir) ? {} : { HOST: '127.0.0.1' }),
    INTERNAL_HOST: '127.0.0.1',
    ...(role === undefined ? {} : { DATABASE_URL: roleUrl(backends.postgresUrl, role, secrets.roles) }),
    ...(dir === 'auth' && world.admin !== undefined
      ? { ADMIN_USERNAME: world.admin.username, ADMIN_EMAIL: world.admin.email, ADMIN_PASSWORD: world.admin.password }
      : {}),
  };
  return Object.fromEntries(Object.entries(all).filter(([variable]) => mayKnow(dir, variable)));
}

export function serviceCommand(world: World, instance: Instance): Command {
  const folder = join(REPO, 'services', instance.dir);
  const run = world.settings.compiled
    ? ['--enable-source-maps', join(folder, 'dist', 'main.js')]
    : ['--conditions=source', join(folder, 'src', 'main.ts')];
  const args = [...(FLAGS[instance.dir] ?? []), ...run];
  return { file: process.execPath, args, cwd: REPO, env: environment(world, instance), ipc: true };
}
