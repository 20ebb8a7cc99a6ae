// Clusters of the tests. Files that import shared-cluster.ts share one per process: two gateways,
// two nodes, two message instances, limits off. Tests with other settings, or that kill processes,
// start their own with `ownCluster`.
import { rmSync } from 'node:fs';
import { type Cluster, startCluster, urlOf } from '@chatapi/local';
import { loadDocuments } from './documents.ts';

export type TestCluster = Cluster & { dataDir: string };

export const ADMIN = { username: 'chief', email: 'chief@example.com', password: 'quiet-harbour-lamp-41' };

const BASE: NodeJS.ProcessEnv = {
  LOG_LEVEL: 'warn',
  BCRYPT_COST: '4',
  DRAIN_MS: '100',
  RATE_LIMIT_REQUESTS: '0',
  RATE_LIMIT_LOGIN: '0',
  RATE_LIMIT_LOGIN_ADDRESS: '0',
  RATE_LIMIT_REGISTRATIONS: '0',
  RATE_LIMIT_MAIL_ADDRESS: '0',
  RATE_LIMIT_WS_FRAMES: '0',
  RATE_LIMIT_UPGRADES: '0',
  RATE_LIMIT_UPLOADS: '0',
  RATE_LIMIT_WS_MESSAGES: '0',
  ADMIN_USERNAME: ADMIN.username,
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
};

/**
 * Coverage is written when a process exits. On a busy machine a short stop timeout would lose it.
 */
const STOP_MS = 30_000;

async function start(
  env: NodeJS.ProcessEnv,
  options: { dataDir?: string; stopMs?: number; bundled?: boolean; apps?: boolean },
): Promise<TestCluster> {
  const cluster = await startCluster({ ...options, env: { ...BASE, ...env } });
  try {
    await loadDocuments(cluster.url);
  } catch (error) {
    // Without it no `after` hook stops the cluster, and its processes keep mocha from ending.
    await dispose(cluster);
    throw error;
  }
  return cluster;
}

/**
 * Without coverage: it costs each start and stop more than the cluster does, and the shared one
 * passes where these do.
 */
export const ownCluster = (env: NodeJS.ProcessEnv = {}, dataDir?: string): Promise<TestCluster> =>
  start({ NODE_V8_COVERAGE: '', ...env }, { dataDir, bundled: true });

/** With the pages, as `npm start` has them. */
export const startWithApps = (env: NodeJS.ProcessEnv = {}): Promise<TestCluster> =>
  start({ NODE_V8_COVERAGE: '', ...env }, { bundled: true, apps: true });

export async function dispose(own: TestCluster | undefined): Promise<void> {
  await own?.stop();
  if (own !== undefined) rmSync(own.dataDir, { recursive: true, force: true });
}

const urlsOf = (of: Cluster, dir: string): string[] => of.instances.filter((i) => i.dir === dir).map(urlOf);

/** Addresses of the gateways (one or two) and of the realtime nodes. */
export const gatewaysOf = (of: Cluster): string[] => urlsOf(of, 'api-gateway');
export const nodesOf = (of: Cluster): string[] => urlsOf(of, 'realtime-gateway');

let shared: TestCluster | undefined;

/** Called by shared-cluster.ts alone. */
export async function startShared(): Promise<void> {
  const env = {
    GATEWAY_INSTANCES: '2',
    MESSAGE_INSTANCES: '2',
    ADMIN_MESSAGE_SEARCH: 'on',
    ALLOWED_FILE_TYPES: '.jpg,.png,.pdf,.txt',
    ALLOWED_ORIGINS: 'http://localhost:3000',
    MAX_FILE_SIZE: '1048576',
  };
  // Coverage is of sources.
  shared = await start(env, { stopMs: STOP_MS, bundled: !process.env.NODE_V8_COVERAGE });
}

export const stopShared = (): Promise<void> => dispose(shared);

export function cluster(): TestCluster {
  if (shared === undefined) throw new Error('import shared-cluster.ts; the cluster is there only while tests run');
  return shared;
}

/** The first gateway. */
export const gateway = (): string => gatewaysOf(cluster())[0] as string;
export const gateways = (): string[] => gatewaysOf(cluster());
export const nodes = (): [string, string] => nodesOf(cluster()) as [string, string];
