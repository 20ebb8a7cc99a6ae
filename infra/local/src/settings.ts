// Settings of the local runner. All other environment variables are passed to the services.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from './user-error.ts';

export const REPO = resolve(import.meta.dirname, '..', '..', '..');

export const SERVICE_DIRS = [
  'api-gateway',
  'auth',
  'user',
  'message',
  'file',
  'admin',
  'integration',
  'realtime-gateway',
] as const;
export type ServiceDir = (typeof SERVICE_DIRS)[number];

export interface Settings {
  dataDir: string;
  /** Port of the gateway; 0: a free one. */
  port: number;
  /** Port of the first realtime node, the others follow; 0: free ones. */
  realtimePort: number;
  counts: Record<ServiceDir, number>;
  databaseUrl?: string;
  redisUrl?: string;
  /** Run `dist/main.js` instead of the TypeScript sources. */
  compiled: boolean;
  /** Run the bundles in these folders instead of the TypeScript sources. */
  bundles?: Record<ServiceDir, string>;
  /** Root of the checkout to run; default: this one. */
  root?: string;
  /** Time in ms before a process that does not stop is killed; default 4,000. */
  stopMs?: number;
  /** Address of a DNS server through which services find each other; default: lists of URLs. */
  dnsServer?: string;
  /** First inspector port; undefined: no inspectors. */
  inspectPort?: number;
  env: NodeJS.ProcessEnv;
}

function whole(env: NodeJS.ProcessEnv, name: string, fallback: number, min: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max)
    throw new UserError(`${name} must be a whole number from ${min} to ${max}, not "${text}"`);
  return value;
}

/**
 * The checkout to run a service from: the release before may not have it, and a rolling update to
 * this one starts it first.
 */
export const checkoutOf = (root: string, service: string): string =>
  existsSync(join(root, 'services', service)) ? root : REPO;

/** By service: the setting with its number of instances, and the default. */
const COUNTS: Record<keyof Settings['counts'], [setting: string, fallback: number]> = {
  'api-gateway': ['GATEWAY_INSTANCES', 1],
  auth: ['AUTH_INSTANCES', 1],
  user: ['USER_INSTANCES', 1],
  message: ['MESSAGE_INSTANCES', 1],
  file: ['FILE_INSTANCES', 1],
  admin: ['ADMIN_INSTANCES', 1],
  integration: ['INTEGRATION_INSTANCES', 1],
  'realtime-gateway': ['REALTIME_NODES', 2],
};

/** Settings for two instances of each service. */
export const TWO_OF_EACH: NodeJS.ProcessEnv = Object.fromEntries(Object.values(COUNTS).map(([name]) => [name, '2']));

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  return {
    dataDir: resolve(REPO, env.DATA_DIR || '.data'),
    port: whole(env, 'PORT', 8000, 0, 65_535),
    realtimePort: whole(env, 'REALTIME_PORT', 8101, 0, 65_000),
    counts: Object.fromEntries(
      Object.entries(COUNTS).map(([dir, [name, fallback]]) => [dir, whole(env, name, fallback, 1, 32)]),
    ) as Settings['counts'],
    databaseUrl: env.DATABASE_URL || undefined,
    redisUrl: env.REDIS_URL || undefined,
    compiled: env.CHATAPI_COMPILED === '1',
    env,
  };
}
