// The processes of a cluster: names, ports and environment (the same variables as in compose and
// Kubernetes).
import { join } from 'node:path';
import { ROLES, type Secrets } from './data-dir.ts';
import { claimPort, freePort } from './ports.ts';
import { roleUrl } from './provision.ts';
import { keySettings } from './service-keys.ts';
import { checkoutOf, REPO, SERVICE_DIRS, type ServiceDir, type Settings } from './settings.ts';
import type { Command } from './supervise.ts';

export interface Instance {
  name: string;
  dir: ServiceDir;
  /** An address of the loopback. */
  host: string;
  port: number;
  internalPort: number;
}

const VARIABLE: Record<ServiceDir, string> = {
  'api-gateway': 'GATEWAY',
  auth: 'AUTH',
  user: 'USER',
  message: 'MESSAGE',
  file: 'FILE',
  admin: 'ADMIN',
  integration: 'INTEGRATION',
  'realtime-gateway': 'REALTIME',
};

/** More than one: names have numbers. */
const MANY = 2;

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
  for (const dir of SERVICE_DIRS) {
    const mine: Instance[] = [];
    for (let i = 0; i < settings.counts[dir]; i++) mine.push(await planInstance(settings, dir, mine));
    instances.push(...mine);
  }
  return instances;
}

/** Clients of the gateway do not use DNS here. */
const isFoundByDns = ({ dnsServer }: Settings, dir: ServiceDir): boolean =>
  dnsServer !== undefined && dir !== 'api-gateway';

function freeName(dir: ServiceDir, others: Instance[], count: number): { name: string; index: number } {
  for (let index = 0; ; index++) {
    const name = nameOf(dir, index, count);
    if (!others.some((other) => other.name === name)) return { name, index };
  }
}

/**
 * One more instance behind the DNS name of a service: on the same ports, at another address.
 *
 * @param others the instances of the same service, at least one.
 */
export function planAnother(dir: ServiceDir, others: Instance[]): Instance {
  const { name, index } = freeName(dir, others, MANY);
  return { ...(others[0] as Instance), name, host: dnsAddressOf(dir, index) };
}

/** @param others the instances of the same service. */
async function planInstance(settings: Settings, dir: ServiceDir, others: Instance[]): Promise<Instance> {
  const byDns = isFoundByDns(settings, dir);
  if (byDns && others.length > 0) return planAnother(dir, others);
  const { name, index } = freeName(dir, others, byDns ? MANY : settings.counts[dir]);
  const host = byDns ? dnsAddressOf(dir, index) : '127.0.0.1';
  return { name, dir, host, port: await portOf(settings, dir, index), internalPort: await freePort() };
}

export const urlOf = ({ host, port }: Instance): string => `http://${host}:${port}`;
export const internalUrlOf = ({ host, internalPort }: Instance): string => `http://${host}:${internalPort}`;

/** The address of the instance `index` there. */
export const dnsAddressOf = (dir: ServiceDir, index: number): string =>
  `127.0.${SERVICE_DIRS.indexOf(dir) + 1}.${index + 1}`;

/** The name of a service in the DNS of a cluster with a DNS server. */
export const dnsNameOf = (dir: ServiceDir): string => `${dir}.chatapi.test`;

export interface Backends {
  postgresUrl: string;
  redisUrl: string;
}

/** URLs of all services, for every process. */
function addresses({ settings, instances }: Pick<ClusterPlan, 'settings' | 'instances'>): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { DNS_SERVERS: settings.dnsServer ?? '' };
  const listed: { name: string; service: ServiceDir; internal_url: string }[] = [];
  for (const dir of SERVICE_DIRS) {
    const mine = instances.filter((instance) => instance.dir === dir);
    const { port, internalPort } = mine[0] as Instance;
    const byDns = isFoundByDns(settings, dir);
    const name = `dns+http://${dnsNameOf(dir)}`;
    env[`${VARIABLE[dir]}_URL`] = byDns ? `${name}:${port}` : mine.map(urlOf).join(',');
    env[`${VARIABLE[dir]}_INTERNAL_URL`] = byDns ? `${name}:${internalPort}` : mine.map(internalUrlOf).join(',');
    if (byDns) listed.push({ name: dir, service: dir, internal_url: `${name}:${internalPort}` });
    else listed.push(...mine.map((i) => ({ name: i.name, service: dir, internal_url: internalUrlOf(i) })));
  }
  return { ...env, INSTANCES: JSON.stringify(listed) };
}

/** Settings that only services which sign or verify access tokens get. */
const SECRET_READERS: Record<string, ServiceDir[]> = {
  JWT_PRIVATE_KEY: ['auth'],
  JWT_SECRET_KEY: ['auth', 'api-gateway', 'realtime-gateway'],
  JWT_SECRET_KEY_PREVIOUS: ['api-gateway', 'realtime-gateway'],
  SEALING_KEY: ['auth'],
  DEMO_RUNNER_URL: ['api-gateway'],
  SEALING_KEY_PREVIOUS: ['auth'],
  SMTP_URL: ['auth'],
  FILE_LINK_SECRET: ['realtime-gateway', 'message', 'file'],
  FILE_LINK_SECRET_PREVIOUS: ['realtime-gateway', 'message', 'file'],
};
const mayRead = (dir: ServiceDir, name: string): boolean =>
  SECRET_READERS[name.replace(/_FILE$/, '')]?.includes(dir) ?? true;

/** What a service uses unless the settings name another value or a file. */
function secretSettings(secrets: Secrets, dir: ServiceDir, given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = {
    JWT_SECRET_KEY: secrets.jwt,
    FILE_LINK_SECRET: secrets.files,
    SEALING_KEY: secrets.sealing,
    ...keySettings(secrets, dir),
  };
  return Object.fromEntries(Object.entries(own).filter(([name]) => !given[`${name}_FILE`]));
}

/**
 * V8's nursery would grow to three times 32 MiB and never shrink. Nodes with many long-lived
 * objects are as fast with half of that. compose and k8s set the same flag.
 */
const FLAGS: Partial<Record<ServiceDir, string[]>> = { 'realtime-gateway': ['--max-semi-space-size=16'] };

const IS_PUBLIC = new Set<ServiceDir>(['api-gateway', 'realtime-gateway']);

export interface ClusterPlan {
  settings: Settings;
  instances: Instance[];
  secrets: Secrets;
  backends: Backends;
  admin: { username: string; email: string; password: string } | undefined;
}

function environment(
  plan: ClusterPlan,
  { name, dir, host, port, internalPort }: Instance,
  changed: NodeJS.ProcessEnv = {},
): NodeJS.ProcessEnv {
  const { settings, instances, secrets, backends } = plan;
  const role = ROLES[dir];
  // Other processes must not see the superuser's URL or the first admin's password.
  const {
    DATABASE_URL: _,
    ADMIN_USERNAME: _u,
    ADMIN_EMAIL: _e,
    ADMIN_PASSWORD: _p,
    ...given
  } = {
    ...settings.env,
    ...changed,
  };
  const all: NodeJS.ProcessEnv = {
    UPLOAD_DIR: join(settings.dataDir, 'uploads'),
    MAIL_DIR: join(settings.dataDir, 'mail'),
    PUBLIC_URL: `http://localhost:${instances[0]?.port}`,
    DISK_PATH: settings.dataDir,
    ...secretSettings(secrets, dir, given),
    DRAIN_MS: '2000',
    // Servers of whoever develops against this cluster.
    EGRESS_ALLOW: '127.0.0.0/8,::1/128',
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '')),
    ...addresses(plan),
    REDIS_URL: backends.redisUrl,
    INSTANCE: name,
    PORT: String(port),
    INTERNAL_PORT: String(internalPort),
    CHATAPI_SUPERVISED: 'true',
    // Node passes its own value on unless the variable is set, even if empty.
    NODE_V8_COVERAGE: settings.env.NODE_V8_COVERAGE ?? '',
    ...(IS_PUBLIC.has(dir) && !isFoundByDns(settings, dir) ? {} : { HOST: host }),
    INTERNAL_HOST: host,
    ...(role === undefined
      ? {}
      : { DATABASE_URL: changed.DATABASE_URL ?? roleUrl(backends.postgresUrl, role, secrets.roles) }),
    ...(dir === 'auth' && plan.admin !== undefined
      ? { ADMIN_USERNAME: plan.admin.username, ADMIN_EMAIL: plan.admin.email, ADMIN_PASSWORD: plan.admin.password }
      : {}),
  };
  return Object.fromEntries(Object.entries(all).filter(([variable]) => mayRead(dir, variable)));
}

/** Inspector port of the first instance under `npm run dev`; `.vscode/launch.json` lists all. */
export const INSPECT_PORT = 9230;

/** The inspector port of an instance. */
export const inspectorOf = (
  { settings, instances }: Pick<ClusterPlan, 'settings' | 'instances'>,
  instance: Instance,
) => (settings.inspectPort === undefined ? undefined : settings.inspectPort + instances.indexOf(instance));

export interface Change {
  /** Root of the checkout to run; default: that of the settings. */
  root?: string;
  /** Settings that differ from the cluster's. */
  env?: NodeJS.ProcessEnv;
}

export function serviceCommand(
  plan: ClusterPlan,
  instance: Instance,
  { root = plan.settings.root ?? REPO, env }: Change = {},
): Command {
  const { bundles, compiled } = plan.settings;
  const folder = join(checkoutOf(root, instance.dir), 'services', instance.dir);
  const bundle = root === REPO ? bundles?.[instance.dir] : undefined;
  const inspector = inspectorOf(plan, instance);
  const run =
    bundle !== undefined
      ? [join(bundle, 'main.mjs')]
      : compiled
        ? ['--enable-source-maps', join(folder, 'dist', 'main.js')]
        : ['--conditions=source', join(folder, 'src', 'main.ts')];
  const inspect = inspector === undefined ? [] : [`--inspect=127.0.0.1:${inspector}`];
  const args = [...(FLAGS[instance.dir] ?? []), ...inspect, ...run];
  const own = environment(plan, instance, env);
  // Compiling takes more than half of the start, so the result is cached.
  own.NODE_COMPILE_CACHE = join(bundle ?? join(REPO, '.cache'), 'compile');
  return { file: process.execPath, args, cwd: root, env: own, ipc: true };
}
